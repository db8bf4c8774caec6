"""What a person pastes: a bare token, `Bearer …`, a `Cookie` or `Set-Cookie` header, `name=value`, several at once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from specfuzz.sessions.decode import decode
from specfuzz.sessions.decoded import Decoded

_HEADER = re.compile(r"(cookie|set-cookie|authorization|x-[\w-]*token|x-auth[\w-]*)\s*:\s*", re.IGNORECASE)
_SCHEME = re.compile(r"(bearer|jwt|token)\s+", re.IGNORECASE)
_COOKIE = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]{1,100})=(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pasted:
    """One value with the name of its cookie, if it was pasted with one, and what it turned out to be."""

    name: str
    value: str = field(repr=False)
    decoded: Decoded | None


def read_pasted(text: str, name: str = "") -> tuple[Pasted, ...]:
    """The values in a pasted text. `name` is the cookie's, where the text does not say."""
    text = text.strip()
    header = _HEADER.match(text)
    is_set_cookie = header is not None and header[1].lower() == "set-cookie"
    text = text[header.end() :] if header else text
    text = _SCHEME.sub("", text, count=1) if _SCHEME.match(text) else text
    whole = decode(text, name=name)
    if whole is not None:
        return (Pasted(name=name, value=text, decoded=whole),)
    pieces = text.split(";")[: 1 if is_set_cookie else None]
    pairs = [(match[1], match[2]) for piece in pieces if (match := _COOKIE.fullmatch(piece.strip()))]
    if not pairs or (len(pairs) == 1 and not pairs[0][1]):
        return (Pasted(name=name, value=text, decoded=None),)
    signatures = {key.removesuffix(".sig"): value for key, value in pairs if key.endswith(".sig")}
    return tuple(
        Pasted(name=key, value=value, decoded=decode(value, name=key, signature=signatures.get(key)))
        for key, value in pairs
        if not (key.endswith(".sig") and key.removesuffix(".sig") in dict(pairs))
    )
