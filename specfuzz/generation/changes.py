"""Values that differ from the present one and can be told apart afterwards, and identifiers that nothing has."""

from __future__ import annotations

import random
import re
import uuid
from typing import Any

from specfuzz.contract import ForbiddenField, Schema
from specfuzz.contract.words import split_words
from specfuzz.generation import values
from specfuzz.generation.randomness import letters

_PRIVILEGED_VALUES = ("admin", "administrator", "superuser", "owner", "staff", "moderator", "manager", "premium", "pro")
_RIGHTS = frozenset("role roles permission permissions privilege privileges scope scopes group groups".split())
_HEXADECIMAL = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_TRUTHY_FIRST = frozenset("is has can admin superuser staff verified active approved premium trusted paid".split())


def different_value(field: ForbiddenField, present: Any, source: random.Random) -> Any:
    """A typed value for a field that differs from what it holds now; the type comes from what it holds, else its schema."""
    name = field.name.rsplit(".", 1)[-1]
    kind = _type_of(present) or _declared_type(field.schema)
    options = [value for value in field.schema.get("enum") or () if value is not None and value != present]
    if options:
        return next((value for value in options if str(value).lower() in _PRIVILEGED_VALUES), options[0])
    words = set(split_words(name))
    if kind is None:
        kind = "boolean" if words & _TRUTHY_FIRST else ("string" if words & _RIGHTS else None)
    if kind == "boolean":
        return present is not True
    if kind == "integer":
        return _other_number(present, field.schema, source)
    if kind == "number":
        return float(_other_number(present, field.schema, source)) + 0.5
    if kind == "array":
        inner = field.schema.get("items")
        items = inner if isinstance(inner, dict) else {}
        kept = present[:3] if isinstance(present, list) else []
        rights = (value for value in _PRIVILEGED_VALUES if value not in kept)
        return [*kept, next(rights) if words & _RIGHTS else _text(name, items, source)]
    if kind == "object":
        return {values.CANARY_PREFIX: values.new_canary(source)}
    if words & _RIGHTS:
        return next(value for value in _PRIVILEGED_VALUES if value != present)
    if kind is None and words & {"balance", "credit", "credits", "points", "total", "price", "discount", "quota"}:
        return _other_number(present, field.schema, source)
    return _text(name, field.schema, source)


def another_option(options: tuple[str, ...], present: Any) -> str | None:
    """Of the values that a server says it takes, the most privileged one that the field does not hold now."""
    others = [option for option in options if str(option).lower() != str(present).lower()]
    return next((option for option in others if option.lower() in _PRIVILEGED_VALUES), others[-1] if others else None)


def _text(name: str, schema: Schema, source: random.Random) -> str:
    return str(values.string_for(name, schema, source).value)


def _other_number(present: Any, schema: Schema, source: random.Random) -> int:
    """Unlike the present one and unlike what a counter or a default would turn to by itself."""
    low, high = schema.get("minimum"), schema.get("maximum")
    low = int(low) if isinstance(low, int | float) else 1
    high = int(high) if isinstance(high, int | float) else 99_999
    for _ in range(10):
        wanted = source.randint(max(low, 7_000) if high >= 9_000 else low, max(low, min(high, 99_999)))
        if wanted != present:
            return wanted
    return low


def _declared_type(schema: Schema) -> str | None:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((item for item in kind if item != "null"), None)
    if isinstance(kind, str):
        return kind
    for branch in schema.get("anyOf") or schema.get("oneOf") or ():
        if isinstance(branch, dict) and branch.get("type") not in (None, "null"):
            return str(branch["type"])
    return None


def _type_of(value: Any) -> str | None:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, list):
        return "array"
    return "object" if isinstance(value, dict) else None


def made_up_identifier(real: Any, source: random.Random) -> Any:
    """An identifier of the same form as `real` that nothing has: the control for “does any id work?”."""
    if isinstance(real, bool) or real is None:
        return real
    if isinstance(real, int):
        return real + 700_000 + source.randrange(90_000)
    text = str(real)
    if text.isascii() and text.isdigit() and len(text) < 16:
        return str(int(text) + 700_000 + source.randrange(90_000))
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        pass
    else:
        made = str(uuid.UUID(int=_unlike_uuid(parsed, source)))
        return made if "-" in text else made.replace("-", "")
    is_hexadecimal = len(text) >= 8 and bool(_HEXADECIMAL.fullmatch(text))  # MongoDB: anything else is a 400
    for _ in range(10):
        made = "".join(_same_kind(character, source, is_hexadecimal) for character in text)
        if made != text:
            break
    return made


def _unlike_uuid(real: uuid.UUID, source: random.Random) -> int:
    """Other random bits with the version and variant of the real one, which servers check; a time in it stays near."""
    if real.version is None:
        return uuid.UUID(int=source.getrandbits(128), version=4).int
    kept = (0xF << 76) | (0x3 << 62)
    if real.version == 7:
        kept |= 0xFFFFFFFF << 96  # the upper bits of its time
    return (real.int & kept) | (source.getrandbits(128) & ~kept)


def _same_kind(character: str, source: random.Random, is_hexadecimal: bool) -> str:
    if character.isdigit():
        return str(source.randrange(10))
    if character.isalpha():
        made = source.choice("abcdef") if is_hexadecimal else letters(source, 1)
        return made.upper() if character.isupper() else made
    return character


def different_from(value: Any, source: random.Random) -> Any:
    """A value of the same type as `value` and unlike it, for a second write that must be followed."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1 + source.randrange(50)
    if isinstance(value, float):
        made = value + 1.25 + source.randrange(50)
        return made if made != value else value / 2  # adding little to a very large one changes nothing
    if isinstance(value, list):
        changed = [*value[:-1], different_from(value[-1], source)] if value else []
        return changed if changed != value else [*value, "user"]
    if isinstance(value, dict):
        return {key: different_from(item, source) for key, item in value.items()}
    text = str(value)
    if text in _PRIVILEGED_VALUES:
        return "user" if text != "user" else "admin"
    if len(text) >= 10 and text[:4].isdecimal() and text[4] == "-":
        return f"{int(text[:4]) + 1}{text[4:]}"
    return values.new_canary(source)
