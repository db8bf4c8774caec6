"""Operations that are nobody's: health, the document, the CSRF token."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from flask import Blueprint, Response, jsonify
from flask_wtf.csrf import generate_csrf

blueprint = Blueprint("meta", __name__)


@cache
def document() -> bytes:
    """The contract, as shipped beside the code."""
    return files("specfuzz.demo").joinpath("openapi.json").read_bytes()


@blueprint.get("/health")
def health() -> Response:
    """Whether the service is up."""
    return jsonify(status="ok")


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The OpenAPI document."""
    return Response(document(), content_type="application/json")


@blueprint.get("/csrf-token")
def csrf_token() -> Response:
    """The token of this session, for X-CSRFToken."""
    return jsonify(csrf_token=generate_csrf())
