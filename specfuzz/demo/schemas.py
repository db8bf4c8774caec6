"""What clients may send and what they get back, as marshmallow schemas that list the fields."""

from __future__ import annotations

import json
from typing import Any

from flask import request
from marshmallow import Schema, ValidationError, fields, validate

from .errors import Refusal
from .models import MAX_ID
from .weaknesses import is_weak

USERNAME = validate.Regexp(r"[a-z0-9_.-]{3,40}\Z", error="3 to 40 of a-z, 0-9, '_', '.' and '-'")
#: Loose on purpose: only mail that arrives proves an address; stricter patterns refuse real ones.
EMAIL = validate.Regexp(r"[^\s]+@[^\s]+\Z", error="not an email address")


class Text(fields.String):
    """Text that can be stored: JSON may carry lone surrogates ("\\ud800"), UTF-8 and so SQLite cannot."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise self.make_error("invalid_utf8")
        return text


def _text(minimum: int, maximum: int, **options: Any) -> Text:
    return Text(validate=validate.Length(min=minimum, max=maximum), **options)


def _tags(**options: Any) -> fields.List[str]:
    return fields.List(_text(1, 30), validate=validate.Length(max=10), **options)


class SignUp(Schema):
    """A new account. The route decides what happens to other fields."""

    username = Text(required=True, validate=USERNAME)
    email = Text(required=True, validate=validate.And(validate.Length(max=254), EMAIL))
    password = _text(8, 128, required=True)
    display_name = _text(1, 80)
    bio = _text(0, 500)


class UserUpdate(Schema):
    """What users may change about themselves."""

    email = Text(validate=validate.And(validate.Length(max=254), EMAIL))
    display_name = _text(1, 80)
    bio = _text(0, 500)


class Login(Schema):
    """Credentials. No minimum length: an empty password is wrong, not malformed."""

    username = _text(0, 128, required=True)
    password = _text(0, 128, required=True)


class NoteCreate(Schema):
    """A new note."""

    title = _text(1, 120, required=True)
    body = _text(0, 10_000)
    tags = _tags()


class NoteUpdate(Schema):
    """What its owner may change about a note."""

    title = _text(1, 120)
    body = _text(0, 10_000)
    tags = _tags()


class NoteUpdateWithOwner(NoteUpdate):
    """SF203: grown from the response schema, with the owner still in it."""

    owner_id = fields.Integer(strict=True, validate=validate.Range(min=1, max=MAX_ID))


class TagList(Schema):
    """All tags of a note."""

    tags = _tags(required=True)


class NoteQuery(Schema):
    """The query of GET /notes."""

    tag = _text(1, 30)
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=100))


class UserOut(Schema):
    """An account as the API shows it."""

    id = fields.Integer()
    username = fields.String()
    email = fields.String()
    display_name = fields.String()
    bio = fields.String()
    role = fields.String()
    is_admin = fields.Boolean()
    created_at = fields.String()


class UserRow(UserOut):
    """SF205: the whole row, as `to_dict()` helpers return it."""

    internal_notes = fields.String()
    password_hash = fields.String()


class NoteOut(Schema):
    """A note as the API shows it."""

    id = fields.Integer()
    owner_id = fields.Integer()
    title = fields.String()
    body = fields.String()
    tags = fields.List(fields.String())
    archived = fields.Boolean()
    created_at = fields.String()
    updated_at = fields.String()


def user_out(user: object) -> Any:
    """An account (or a list of them) for a response."""
    schema: Schema = UserRow() if is_weak("password-hash-returned") else UserOut()  # SF205
    return schema.dump(user, many=isinstance(user, list))


def body_as(schema: Schema) -> dict[str, Any]:
    """The request's JSON object, checked; raises Refusal with 400, 413, 415 or 422."""
    # SF313: without this check a form on another site can send JSON as text/plain. Only
    # application/json makes browsers ask first (a CORS preflight, which nobody answers here).
    if request.mimetype != "application/json" and not is_weak("content-type-ignored"):
        raise Refusal(415, "unsupported_media_type", "send application/json")
    try:
        data = json.loads(request.get_data(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):  # RecursionError: a few thousand "[" are enough
        raise Refusal(400, "bad_request", "the body is not JSON") from None
    return _checked(schema, data)


def query_as(schema: Schema) -> dict[str, Any]:
    """The request's query, checked; raises Refusal with 422."""
    return _checked(schema, request.args.to_dict())


def _checked(schema: Schema, data: Any) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load(data)
    except ValidationError as error:
        messages = error.normalized_messages()  # type: ignore[no-untyped-call]
        raise Refusal(422, "invalid", "some fields are not acceptable", messages) from None
    return loaded


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is Python's, not JSON's")
