"""Is this response an acceptance, a refusal, or no answer to the question at all?

A status code alone decides nothing: APIs refuse as `200 {"error": ...}`, as 404, as a redirect to a login page. The
table below is read from the top; the first row that fits names the outcome and its reason.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from specfuzz.http import Exchange, Response


class Outcome(enum.Enum):
    """What a response says about the request."""

    ACCEPTED = "accepted"
    DENIED = "denied"
    """Not you: 401, 403, a login page, an error about authorization whatever its status."""
    MISSING = "missing"
    """Not there (or said to be not there): 404, 410."""
    INVALID = "invalid"
    """Not like this: 400, 409, 415, 422."""
    THROTTLED = "throttled"
    """Not now: the limiter answered. Neither a refusal nor an effect."""
    FAILED = "failed"
    """The server or a gateway broke. Neither a refusal nor an effect."""

    @property
    def is_refusal(self) -> bool:
        return self in (Outcome.DENIED, Outcome.MISSING, Outcome.INVALID)

    @property
    def is_conclusive(self) -> bool:
        """Whether the API itself answered the question."""
        return self not in (Outcome.THROTTLED, Outcome.FAILED)


@dataclass(frozen=True, slots=True)
class Reply:
    """An outcome with what in the response says so."""

    outcome: Outcome
    reason: str

    @property
    def accepted(self) -> bool:
        return self.outcome is Outcome.ACCEPTED

    @property
    def refused(self) -> bool:
        return self.outcome.is_refusal


_LOGIN_PATH = re.compile(r"(?:log[-_]?in|sign[-_]?in|auth(?:enticate|orize)?|sso|session/new)\b", re.IGNORECASE)
_LOGIN_FORM = re.compile(r"<input[^>]+type=[\"']?password", re.IGNORECASE)
_DENIED_TEXT = re.compile(
    r"unauthori[sz]ed|unauthenticated|forbidden|not (?:allowed|permitted|authori[sz]ed|logged|authenticated|yours)"
    r"|access denied|permission|credentials|log ?in (?:first|required)|login required|please (?:log|sign) ?in"
    r"|(?:invalid|missing|expired|no|bad) (?:token|session|api key|auth)|csrf|not your|no access|must be logged",
    re.IGNORECASE,
)
_MISSING_TEXT = re.compile(
    r"not found|does ?n[o']t exist|no such|unknown (?:id|\w+ id)|could not (?:be )?f[io]nd|nonexist", re.IGNORECASE
)
_ERROR_KEYS = (
    "error",
    "errors",
    "error_message",
    "errorMessage",
    "error_code",
    "errorCode",
    "err",
    "exception",
    "fault",
)
_FLAG_KEYS = ("ok", "success", "succeeded", "successful", "status", "result", "state")
_BAD_WORDS = frozenset(
    "error fail failed failure denied forbidden unauthorized unauthorised refused rejected invalid not_found ko nok false".split()
)


def read_reply(exchange: Exchange) -> Reply:
    """What the response of an exchange says."""
    return read_response(exchange.response)


def read_response(response: Response) -> Reply:
    """What a response says about its request."""
    status = response.status
    if status == 429:
        return Reply(Outcome.THROTTLED, "429: the rate limiter answered")
    if status in (502, 503, 504):
        return Reply(Outcome.FAILED, f"{status}: a gateway or an overloaded server answered")
    if status >= 500:
        return Reply(Outcome.FAILED, f"{status}: the server failed")
    if status in (401, 403, 407, 419):
        return Reply(Outcome.DENIED, f"{status}")
    if status in (404, 410):
        return Reply(Outcome.MISSING, f"{status}")
    if status >= 400:
        # Some frameworks answer 400 for a missing login or CSRF token; the body tells.
        text = _error_text(response.json) or response.text[:300]
        outcome = Outcome.DENIED if _DENIED_TEXT.search(text) and status in (400, 405) else Outcome.INVALID
        return Reply(outcome, f"{status}")
    if 300 <= status < 400:
        return _read_redirect(response)
    return _read_success(response)


def _read_redirect(response: Response) -> Reply:
    location = response.header("location") or ""
    if response.status == 304:
        return Reply(Outcome.ACCEPTED, "304: not modified")
    if _LOGIN_PATH.search(urlsplit(location).path):
        return Reply(Outcome.DENIED, f"{response.status}: redirected to a login page")
    return Reply(Outcome.ACCEPTED, f"{response.status}: redirected")


def _read_success(response: Response) -> Reply:
    status = response.status
    parsed = response.json
    if isinstance(parsed, Mapping):
        refusal = _refusal_in(parsed)
        if refusal is not None:
            if _DENIED_TEXT.search(refusal):
                return Reply(Outcome.DENIED, f"{status} with an error body: {_short(refusal)}")
            if _MISSING_TEXT.search(refusal):
                return Reply(Outcome.MISSING, f"{status} with an error body: {_short(refusal)}")
            return Reply(Outcome.INVALID, f"{status} with an error body: {_short(refusal)}")
    elif parsed is None and "html" in response.media_type and _LOGIN_FORM.search(response.text):
        return Reply(Outcome.DENIED, f"{status} with a login page")
    return Reply(Outcome.ACCEPTED, f"{status}")


MAX_ERROR_KEYS = 6
"""Keys that the body of a refusal has at most; an object with more is about something."""


def _refusal_in(body: Mapping[str, Any]) -> str | None:
    """The refusal that a successful status hides in its body, or None.

    An error key must hold something, and the body little else. An object with an identifier is a record: a failed job
    has an `error`, a rejected payment a `status`, and room 404 a `code`. Beside an identifier only a flag that is about
    the request (`success: false`), or an error about rights, refuses.
    """
    if len(body) > MAX_ERROR_KEYS:
        return None
    is_record = _is_record(body)
    for key in _ERROR_KEYS:
        value = body.get(key)
        if value and value not in ("none", "None", "0"):
            text = _flatten(value) or key
            if not is_record or _DENIED_TEXT.search(text):
                return text
    for key in _FLAG_KEYS:
        value = body.get(key)
        about_record = key in ("status", "result", "state")
        says_no = value is False or (isinstance(value, str) and value.lower() in _BAD_WORDS)
        if says_no and not (about_record and (is_record or value is False)):
            return _error_text(body) or f"{key}: {value}"
    code = body.get("code", body.get("statusCode", body.get("status_code", body.get("status"))))
    if isinstance(code, int) and not isinstance(code, bool) and 400 <= code < 600 and not is_record:
        return _error_text(body) or f"code {code}"
    return None


_IDENTIFIERS = frozenset("id _id uuid guid pk".split())
_ABOUT_REQUEST = re.compile(r"(?:request|trace|correlation|transaction|span|error|session|client)_?id$", re.IGNORECASE)
_SAID = frozenset(
    (
        *_ERROR_KEYS,
        *_FLAG_KEYS,
        *"message msg detail description reason code statusCode status_code path timestamp".split(),
    )
)
"""What a refusal's body says; an object has more than these beside its identifier."""


def _is_record(body: Mapping[str, Any]) -> bool:
    """Whether a body is an object: it has an identifier (`id`, `order_id`) and something else of its own, or nothing but
    the identifier and its state. JSON-RPC's `id` is the request's (2.0, 5)."""
    if "jsonrpc" in body or not any(_is_identifier(key) and value is not None for key, value in body.items()):
        return False
    own = [key for key in body if key not in _SAID and not _ABOUT_REQUEST.search(key)]
    return len(own) > 1 or not _error_text(body)


def _is_identifier(key: str) -> bool:
    return key.lower() in _IDENTIFIERS or (key.endswith(("_id", "Id")) and not _ABOUT_REQUEST.search(key))


def _error_text(body: Any) -> str:
    """Whatever in a body reads like a message."""
    if isinstance(body, str):
        return body
    if not isinstance(body, Mapping):
        return ""
    parts = [
        _flatten(body[key])
        for key in (*_ERROR_KEYS, "message", "msg", "detail", "title", "description", "reason", "code")
        if body.get(key)
    ]
    return " ".join(part for part in parts if part)


def _flatten(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(_flatten(item) for item in value.values())
    if isinstance(value, list):
        return " ".join(_flatten(item) for item in value[:5])
    return str(value) if isinstance(value, str | int) else ""


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "..."
