"""What a session cookie or token turned out to be."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class Form(enum.StrEnum):
    """The ways in which frameworks hand a session to the client, in words that a report can use."""

    JWT = "JSON Web Token"
    JWE = "encrypted JSON Web Token"
    FLASK = "Flask session"
    STARLETTE = "Starlette session"
    DJANGO = "Django signed cookie"
    COOKIE_SESSION = "Express cookie-session"
    EXPRESS_SIGNED = "Express signed cookie"
    REMEMBER = "Flask-Login remember cookie"
    RAILS_SIGNED = "Rails signed cookie"
    RAILS_ENCRYPTED = "Rails encrypted cookie"
    LARAVEL = "Laravel encrypted cookie"
    JSON = "JSON"
    BASE64_JSON = "base64 JSON"
    PHP = "serialised PHP"
    JAVA = "serialised Java object"
    PICKLE = "Python pickle"
    MARSHAL = "Ruby Marshal data"

    @property
    def is_serialised(self) -> bool:
        """Whether a server that reads it builds objects as the client says (CWE-502). It is noted and never read here."""
        return self in (Form.PHP, Form.JAVA, Form.PICKLE, Form.MARSHAL)

    @property
    def is_encrypted(self) -> bool:
        return self in (Form.JWE, Form.RAILS_ENCRYPTED, Form.LARAVEL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """One value taken apart. `data` is what can be read without a key, None where nothing can.

    `signed` are the bytes that the signature is over, and `signature` the raw signature; both empty where there is none.
    `text` is the value itself, freed from quotes and percent-encoding. `issued_at` is in seconds since 1970.
    """

    form: Form
    text: str = field(repr=False)
    data: Any = field(default=None, repr=False)
    header: Mapping[str, Any] = field(default_factory=dict)
    signed: bytes = field(default=b"", repr=False)
    signature: bytes = field(default=b"", repr=False)
    issued_at: float | None = None
    is_compressed: bool = False
    name: str = ""

    @property
    def is_signed(self) -> bool:
        return bool(self.signature)

    @property
    def algorithm(self) -> str:
        """The `alg` of a token's header; empty where it names none."""
        value = self.header.get("alg", "")
        return value if isinstance(value, str) else ""
