"""A value for one property that a picky real server accepts: by enum and format, by what its name means, by its schema.

What no rule here knows is drawn by Hypothesis from the strategy that Schemathesis builds for the schema.
"""

from __future__ import annotations

import datetime
import math
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

from hypothesis import strategies as st

from specfuzz.contract import Schema
from specfuzz.contract.words import split_words
from specfuzz.generation.randomness import CannotDraw, draw, letters

CANARY_PREFIX = "sfz"
CANARY_CHARS = 14
"""Length of a canary, its prefix included: 11 random letters of 24 make an accidental match practically impossible."""

MAX_STRING_CHARS = 100_000
"""No string is made longer, whatever a document asks for: real servers take less, hostile documents ask for more."""

_EPOCH = datetime.date(2030, 1, 1)
"""Dates lie in the near future of any run: due dates and bookings must not be past; birth dates are shifted back."""

Maker = Callable[[random.Random], Any]


@dataclass(frozen=True, slots=True)
class Value:
    """A generated value, and the canary in it if it carries one."""

    value: Any
    canary: str | None = None
    is_unique: bool = False
    is_secret: bool = False


def new_canary(source: random.Random) -> str:
    """A word that occurs nowhere else: letters only, so that it fits names, slugs and titles alike."""
    return CANARY_PREFIX + letters(source, CANARY_CHARS - len(CANARY_PREFIX))


def new_password(source: random.Random, schema: Schema | None = None) -> str:
    """A password that meets the usual policies: length, both cases, a digit, a sign (unless it may have none).

    Cut to the length that the schema allows, it still has one of each kind within its first five characters.
    """
    low, high = _length_bounds(schema or {})
    start = f"{letters(source, 2).capitalize()}-{source.randint(10, 99)}"
    made = f"{start}{letters(source, 5)}{letters(source, 4).upper()}{source.randint(100, 999)}"
    made = (made + letters(source, max(0, low - len(made))))[:high]
    for form in (made, made.replace("-", "x")):
        if satisfies(form, schema or {}):
            return form
    return str(from_schema(schema or {}, source, fallback=made))


def string_for(name: str, schema: Schema, source: random.Random) -> Value:
    """A string for the property `name`; a canary wherever free text is taken."""
    values = schema.get("enum")
    if isinstance(values, list) and values:
        return Value(_first_ordinary(values))
    if "const" in schema:
        return Value(schema["const"])
    for made in (_by_format(name, schema, source), _by_name(name, schema, source)):
        if made is not None and satisfies(made.value, schema):
            return made
    fitted = _fit(new_canary(source), schema)
    for text in (fitted, fitted.upper(), fitted.capitalize()):
        if satisfies(text, schema):
            return _as_canary(text)
    usual = next((text for text in _USUAL if satisfies(text, schema)), None)
    return Value(usual if usual is not None else from_schema(schema, source, fallback=fitted))


def _as_canary(text: str, *, is_unique: bool = False) -> Value:
    """A text that is a canary, unless the schema made it so short that it may occur by accident."""
    return Value(text, canary=text if len(text) >= 8 else None, is_unique=is_unique)


def number_for(name: str, schema: Schema, source: random.Random, *, integer: bool) -> Any:
    """A small, plausible number inside the schema's bounds."""
    values = schema.get("enum")
    if isinstance(values, list) and values:
        return _first_ordinary(values)
    words = set(split_words(name))
    wanted: float
    if words & {"year"}:
        wanted = 2030
    elif words & {"age"}:
        wanted = 34
    elif words & {"rating", "stars", "score", "priority", "level"}:
        wanted = 3
    elif words & {"latitude", "lat", "longitude", "lng", "lon"}:
        wanted = 12
    elif words & {"quantity", "qty", "count", "page", "number", "seats", "guests"}:
        wanted = 1 + source.randrange(3)
    elif words & {"percent", "percentage", "discount"}:
        wanted = 5
    elif words & {"price", "amount", "total", "cost", "sum", "value", "limit", "salary", "balance", "budget"}:
        wanted = 10 + source.randrange(10)
    else:
        wanted = 2 + source.randrange(7)
    return _within(wanted, schema, integer=integer)


def from_schema(schema: Schema, source: random.Random, *, fallback: Any) -> Any:
    """A value that Hypothesis draws for the schema; `fallback` where none can be drawn."""
    try:
        return draw(_strategy(schema), source)
    except CannotDraw:
        return fallback


def _strategy(schema: Schema) -> st.SearchStrategy[Any]:
    """Strings of a pattern or of a length by Hypothesis itself; it needs no Schemathesis internals for a leaf."""
    low, high = _length_bounds(schema)
    pattern = schema.get("pattern")
    if not isinstance(pattern, str):
        return st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=low, max_size=max(low, min(high, low + 20)))
    try:
        compiled = re.compile(pattern, re.ASCII)
    except re.error as error:
        raise CannotDraw(str(error)) from error
    # The shortest text that a pattern matches as a whole is what a form wants; padding helps where it is too short.
    whole = st.from_regex(compiled, fullmatch=True, alphabet=_PRINTABLE)
    padded = st.from_regex(compiled, alphabet=_PRINTABLE)
    return st.one_of(whole, padded).filter(lambda text: low <= len(text) <= high)


_PRINTABLE = st.characters(min_codepoint=33, max_codepoint=126)


def _length_bounds(schema: Schema) -> tuple[int, int]:
    low, high = schema.get("minLength"), schema.get("maxLength")
    low = min(low, MAX_STRING_CHARS) if isinstance(low, int) else 0
    return low, (high if isinstance(high, int) else MAX_STRING_CHARS)


def _first_ordinary(values: list[Any]) -> Any:
    """The first enum value that grants nothing: `admin` is not what an ordinary client would choose."""
    privileged = {"admin", "administrator", "owner", "root", "superuser", "staff", "moderator", "manager"}
    return next((value for value in values if value is not None and str(value).lower() not in privileged), values[0])


def satisfies(value: Any, schema: Schema) -> bool:
    """Whether a scalar keeps to the bounds and the pattern of its schema, as far as they can be read."""
    if isinstance(value, str):
        low, high = _length_bounds(schema)
        if not low <= len(value) <= high:
            return False
        pattern = schema.get("pattern")
        if isinstance(pattern, str):
            try:
                return bool(re.search(pattern, value))
            except re.error:
                return True
        return True
    if isinstance(value, int | float) and not isinstance(value, bool):
        return bool(_within(value, schema, integer=isinstance(value, int)) == value)
    return True


def _within(wanted: float, schema: Schema, *, integer: bool) -> Any:
    """The number nearest to the wanted one that the bounds and the step of a schema allow."""
    low, high = _number_bounds(schema, integer=integer)
    number = min(max(wanted, low), high)
    step = schema.get("multipleOf")
    if _is_number(step) and step > 0 and abs(number / step - round(number / step)) > 1e-9:
        times = round(number / step) or 1
        times = max(times, math.ceil(low / step)) if low > -math.inf else times
        times = min(times, math.floor(high / step)) if high < math.inf else times
        number = round(times * step, 10)
    return int(number) if integer or float(number).is_integer() else number


def _number_bounds(schema: Schema, *, integer: bool) -> tuple[float, float]:
    """The least and the greatest number allowed; OpenAPI 3.0 writes exclusive bounds as booleans, 3.1 as numbers."""
    least, most = schema.get("minimum"), schema.get("maximum")
    low: float = least if _is_number(least) else -math.inf
    high: float = most if _is_number(most) else math.inf
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    is_above, is_below = above is True, below is True
    if _is_number(above) and above >= low:
        low, is_above = above, True
    if _is_number(below) and below <= high:
        high, is_below = below, True
    if integer:
        low = low if low == -math.inf else (math.floor(low) + 1 if is_above else math.ceil(low))
        high = high if high == math.inf else (math.ceil(high) - 1 if is_below else math.floor(high))
        return low, high
    tick = min(0.5, (high - low) / 2)
    return (low + tick if is_above else low), (high - tick if is_below else high)


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _fit(canary: str, schema: Schema) -> str:
    """The canary, made longer or shorter to keep to the schema's lengths."""
    low, high = _length_bounds(schema)
    fitted = canary
    while len(fitted) < low:
        fitted += canary[len(CANARY_PREFIX) :]
    return fitted[: max(high, 0)]


# By format --------------------------------------------------------------------------------------------------------


def _date(source: random.Random, name: str) -> datetime.date:
    words = set(split_words(name))
    if words & {"birth", "birthday", "birthdate", "dob", "born"}:
        return datetime.date(1990, 1, 1) + datetime.timedelta(days=source.randrange(3000))
    later = 40 if words & {"end", "until", "to", "checkout", "due", "expiry", "expires", "finish"} else 0
    return _EPOCH + datetime.timedelta(days=later + source.randrange(30))


def _by_format(name: str, schema: Schema, source: random.Random) -> Value | None:
    kind = schema.get("format")
    makers: Mapping[str, Callable[[], Value]] = {
        "date": lambda: Value(_date(source, name).isoformat()),
        "date-time": lambda: Value(f"{_date(source, name).isoformat()}T09:30:00Z"),
        "time": lambda: Value("09:30:00"),
        "uuid": lambda: Value(_uuid(source), is_unique=True),
        "email": lambda: _email(source, schema),
        "idn-email": lambda: _email(source, schema),
        "uri": lambda: _url(source),
        "url": lambda: _url(source),
        "uri-reference": lambda: _url(source),
        "hostname": lambda: Value("host.example.com"),
        "ipv4": lambda: Value("192.0.2.10"),
        "ipv6": lambda: Value("2001:db8::10"),
        "password": lambda: Value(new_password(source, schema), is_secret=True),
        "byte": lambda: Value("c3BlY2Z1eno="),
        "phone": lambda: Value(_phone(source), is_unique=True),
        "duration": lambda: Value("P1D"),
        "decimal": lambda: Value("10.00"),
    }
    return makers[kind]() if isinstance(kind, str) and kind in makers else None


def _uuid(source: random.Random) -> str:
    import uuid

    return str(uuid.UUID(int=source.getrandbits(128), version=4))


def _email(source: random.Random, schema: Schema) -> Value:
    _, high = _length_bounds(schema)
    name = new_canary(source)[: max(1, high - len("@example.com"))]
    return replace(_as_canary(name, is_unique=True), value=f"{name}@example.com")


def _url(source: random.Random) -> Value:
    canary = new_canary(source)
    return Value(f"https://example.com/{canary}", canary=canary)


def _phone(source: random.Random) -> str:
    """A number of the range that is set aside for fiction (NANP 555-0100 to 555-0199)."""
    return f"+1{source.choice(['202', '303', '415', '512', '617'])}55501{source.randrange(100):02d}"


# By name ----------------------------------------------------------------------------------------------------------


def _by_name(name: str, schema: Schema, source: random.Random) -> Value | None:
    words = split_words(name)
    if not words:
        return None
    joined, last, every = "".join(words), words[-1], set(words)
    if last in ("password", "passwd", "pwd", "passphrase", "passcode") or "password" in every:
        return Value(new_password(source, schema), is_secret=True)
    if "email" in every or joined == "mail":
        return _email(source, schema)
    if joined in ("username", "login", "handle", "nickname", "loginname", "userid", "accountname"):
        return _as_canary(_fit(new_canary(source), schema), is_unique=True)
    if last in ("phone", "mobile", "telephone", "phonenumber", "msisdn", "tel") or joined.endswith("phonenumber"):
        return Value(_phone(source), is_unique=True)
    if last in ("url", "uri", "website", "homepage", "link", "webhook"):
        return _url(source)
    if last == "slug":
        return _as_canary(_fit(new_canary(source), schema), is_unique=True)
    if last in ("sku", "code", "isbn", "serial") and joined not in _FIXED:
        return Value(letters(source, 8).upper(), is_unique=True)
    if last in ("date", "day", "birthday", "dob", "deadline"):
        return Value(_date(source, name).isoformat())
    if last in ("at", "datetime", "timestamp") and len(words) > 1:
        return Value(f"{_date(source, name).isoformat()}T09:30:00Z")
    if last == "time":
        return Value("09:30")
    if last == "uuid" or last == "guid":
        return Value(_uuid(source), is_unique=True)
    fixed = _FIXED.get(joined) or _FIXED.get(last)
    return Value(fixed) if fixed is not None else None


_USUAL = (
    "2030-01-15", "2030-01-15T09:30:00Z", "09:30", "09:30:00", "+12025550143", "2025550143", "202-555-0143", "94107",
    "US", "USA", "USD", "en", "en-US", "10.00", "10", "1.0.0", "#336699", "192.0.2.10", "https://example.com/a",
    "a.b@example.com", "4242424242424242", "DE89370400440532013000",
)  # fmt: skip
"""What patterns without a format most often ask for; a date that a pattern merely allows may be no date at all."""

_FIXED: dict[str, str] = {
    "country": "US",
    "countrycode": "US",
    "currency": "USD",
    "currencycode": "USD",
    "language": "en",
    "locale": "en-US",
    "timezone": "UTC",
    "zip": "94107",
    "zipcode": "94107",
    "postcode": "94107",
    "postalcode": "94107",
    "state": "CA",
    "gender": "other",
    "color": "#336699",
    "colour": "#336699",
    "iban": "DE89370400440532013000",
    "bic": "COBADEFFXXX",
    "cardnumber": "4242424242424242",
    "cvv": "123",
    "ip": "192.0.2.10",
    "ipaddress": "192.0.2.10",
    "mimetype": "text/plain",
    "contenttype": "text/plain",
}
