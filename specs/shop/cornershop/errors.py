"""Every refusal as JSON of one shape."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from flask import Flask, Response, current_app, jsonify
from werkzeug.exceptions import HTTPException

NAMES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}


class Refusal(Exception):
    """The shop says no: a status, a code for programs, a message for people, messages by field."""

    def __init__(self, status: int, code: str, message: str, fields: Any = None, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.error: dict[str, Any] = {"code": code, "message": message, **more}
        if fields:
            self.error["fields"] = fields


def not_found() -> NoReturn:
    """One answer for what is not there and for what is somebody else's: nobody learns which."""
    raise Refusal(404, "not_found", "There is nothing here.")


def forbidden(message: str) -> NoReturn:
    """For things that the caller may know of, and not change."""
    raise Refusal(403, "forbidden", message)


def conflict(message: str) -> NoReturn:
    """For requests that do not fit the state of things."""
    raise Refusal(409, "conflict", message)


def invalid(field: str, message: str) -> NoReturn:
    """For a value that has the right type and is wrong all the same."""
    raise Refusal(422, "invalid", "Some values are not acceptable.", {field: [message]})


def register(app: Flask) -> None:
    """Answer every error as JSON."""
    app.register_error_handler(Refusal, lambda refusal: (jsonify(error=refusal.error), refusal.status))
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _crash)


def _http_error(error: HTTPException) -> Response | tuple[Response, int]:
    if error.code == 404:  # an id that no route takes looks like one that nothing has
        return jsonify(error={"code": "not_found", "message": "There is nothing here."}), 404
    response = error.get_response()  # keeps the headers that belong to a status, as Allow to 405
    code = NAMES.get(error.code or 500, "error")
    body = {"error": {"code": code, "message": error.description or error.name}}
    response.set_data(json.dumps(body))  # type: ignore[union-attr]
    response.content_type = "application/json"  # type: ignore[union-attr]
    return response  # type: ignore[return-value]


def _crash(error: Exception) -> tuple[Response, int]:
    current_app.logger.error("unexpected %s: %s", type(error).__name__, error)
    return jsonify(error={"code": "error", "message": "Something went wrong on our side."}), 500
