"""What an identity's session carries, taken apart: which cookie or header is which session or token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from urllib.parse import quote, urlsplit

from specfuzz.contract.words import is_listed
from specfuzz.http import Exchange, Flow, Substitute
from specfuzz.identities import Credential, Credentials
from specfuzz.probes.case import Case, Stop
from specfuzz.probes.verdict import Role, Step
from specfuzz.probes.whoami import Sight, ask_as
from specfuzz.sessions import Decoded, Form, Key, NotGuessed, confirms, decode, default_candidates, guess
from specfuzz.sessions.decode import to_base64url


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """One credential that could be taken apart; `companion` is Express' signature cookie beside it."""

    credentials: Credentials = field(repr=False)
    item: Credential
    decoded: Decoded
    companion: Credential | None = None

    @property
    def where(self) -> str:
        return f"the {self.item.where}"

    def substitute(self, name: str, value: str, signature: str | None = None) -> Substitute:
        """This credential alone, with another value: whatever else the session carries is left out, so that it decides."""
        changes: dict[Credential, str | None] = dict.fromkeys(self.credentials.items)
        changes[self.item] = self._encoded(value)
        if self.companion is not None:
            changes[self.companion] = signature or self.companion.secret.reveal()
        return self.credentials.substitute(name, changes)

    def _encoded(self, value: str) -> str:
        """As the original was written: percent-encoded where that was, as Express does."""
        return quote(value, safe="") if "%" in self.item.secret.reveal() else value


def carried_by(credentials: Credentials) -> tuple[Carried, ...]:
    """The credentials that can be taken apart, in the order in which they are carried."""
    cookies = {item.name: item for item in credentials.items if item.carrier == "cookie"}
    found = []
    for item in credentials.items:
        if item.carrier == "cookie" and item.name.endswith(".sig") and item.name.removesuffix(".sig") in cookies:
            continue
        companion = cookies.get(f"{item.name}.sig") if item.carrier == "cookie" else None
        signature = companion.secret.reveal() if companion is not None else None
        decoded = decode(item.secret.reveal(), name=item.name, signature=signature)
        if decoded is not None:
            found.append(Carried(credentials=credentials, item=item, decoded=decoded, companion=companion))
    return tuple(found)


def tokens(credentials: Credentials) -> tuple[Carried, ...]:
    """The JSON Web Tokens among them."""
    return tuple(item for item in carried_by(credentials) if item.decoded.form is Form.JWT)


def client_sessions(credentials: Credentials) -> tuple[Carried, ...]:
    """The sessions of web frameworks among them: cookies that are no JSON Web Token."""
    return tuple(
        item
        for item in carried_by(credentials)
        if item.item.carrier == "cookie" and item.decoded.form not in (Form.JWT, Form.JWE)
    )


def nothing_kept(credentials: Credentials) -> str:
    """Why there is no framework's session to look at, for a reason in the report."""
    if tokens(credentials):
        return "the credentials are a JSON Web Token, which SF411 to SF415 judge"
    if any(item.carrier == "cookie" for item in credentials.items):
        return "the cookie is a random id, and the session is kept on the server"
    return "the credentials are no cookies"


def is_sensitive_name(name: str) -> bool:
    """The contract's list, which SF205 goes by as well."""
    return is_listed(name, "sensitive_fields")


def show_login(case: Case, credentials: Credentials, note: str) -> None:
    """Make the log-in, where the session comes from, the evidence."""
    for exchange in credentials.answers[-1:]:
        case.steps.append(Step(role=Role.ATTACK, exchange=exchange, note=note))


def own_account(case: Case) -> Flow[str]:
    """Whose session is ended or begun anew: an account made for it, so that nobody else is disturbed; else the owner."""
    made = (yield from case.new_account(case.purpose)) if case.new_account is not None else None
    if not isinstance(made, str):
        return case.owner
    yield from case.workshop.accounts.identify(made)
    return made


# The key ----------------------------------------------------------------------------------------------------------


def guessed_key(case: Case, decoded: Decoded, answers: tuple[Exchange, ...] = ()) -> Key | NotGuessed:
    """The key behind a session or token, if anybody could think of it; the framework's own signer has the last word."""
    host = next((urlsplit(exchange.url).hostname or "" for exchange in answers), "")
    claims = decoded.data if isinstance(decoded.data, Mapping) else {}
    issuer = claims.get("iss") if isinstance(claims.get("iss"), str) else ""
    hints = tuple(hint for hint in (case.contract.document.title, host, issuer) if hint)
    signature = to_base64url(decoded.signature) if decoded.form is Form.COOKIE_SESSION else None
    found = _guess(decoded.text, decoded.name, signature, hints)
    if isinstance(found, Key) and not confirms(decoded, found):
        return NotGuessed(reason="a key seemed to fit, and the framework's own signer refused it", tried=found.tried)
    return found


@lru_cache(maxsize=64)
def _guess(text: str, name: str, signature: str | None, hints: tuple[str, ...]) -> Key | NotGuessed:
    """Kept, since two rules ask about one session and a guess may take a second."""
    decoded = decode(text, name=name, signature=signature)
    if decoded is None:
        return NotGuessed(reason="it cannot be read")
    return guess(decoded, default_candidates(hints))


# Controls ---------------------------------------------------------------------------------------------------------


def check_alone(case: Case, sight: Sight, carried: Carried) -> Flow[None]:
    """The genuine credential works by itself, and one of the same length that nobody issued does not."""
    genuine = carried.item.secret.reveal()
    if len(carried.credentials.items) > 1:
        works = yield from ask_as(
            case, sight, carried.substitute("own", genuine), f"nothing but {carried.where}", Role.CONTROL
        )
        if not works:
            raise Stop(f"{carried.where} by itself does not log anybody in")
    made_up = random_text(len(genuine), case.source("made-up"))
    if (yield from ask_as(case, sight, carried.substitute("made-up", made_up), "made-up credentials", Role.CONTROL)):
        raise Stop("made-up credentials are as good as genuine ones: see SF303")


def random_text(length: int, source: Random) -> str:
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    return "".join(source.choice(letters) for _ in range(length))
