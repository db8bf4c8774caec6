"""Every refusal as JSON of one shape, so that clients and the document need a single Error schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, current_app, jsonify
from werkzeug.exceptions import HTTPException

#: werkzeug's status codes under the names that this API uses.
CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}


class Refusal(Exception):
    """The API says no: status, a code for programs, a message for people, messages by field."""

    def __init__(self, status: int, code: str, message: str, fields: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = error_body(code, message, fields)


def error_body(code: str, message: str, fields: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The Error schema of the document."""
    error: dict[str, Any] = {"code": code, "message": message}
    if fields:
        error["fields"] = dict(fields)
    return {"error": error}


def not_found() -> Refusal:
    """The one answer for what is not there and for what is not the caller's: nobody learns which."""
    return Refusal(404, "not_found", "there is nothing here for you")


def register(app: Flask) -> None:
    """Answer every error of the app as JSON."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _crashed)


def _refused(refusal: Refusal) -> tuple[Response, int]:
    return jsonify(refusal.body), refusal.status


def _http_error(error: HTTPException) -> Any:
    if error.code == 404:
        return _refused(not_found())
    response = error.get_response()  # keeps headers that belong to the status, as Allow to 405
    code = CODES.get(error.code or 500, "error")
    response.set_data(json.dumps(error_body(code, error.description or error.name)))
    response.content_type = "application/json"
    return response


def _crashed(error: Exception) -> tuple[Response, int]:
    current_app.logger.exception("unexpected: %s", error)
    return jsonify(error_body("error", "something went wrong on our side")), 500
