"""What every answer has in common: JSON in, JSON out, one shape for errors and for lists."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.db import IntegrityError
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions, parsers, status, views
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.pagination import PageNumberPagination
from rest_framework.response import Response

NOT_FOUND = "Not found."


class JSONParser(parsers.JSONParser):
    """JSON in UTF-8 (RFC 8259), whatever charset is announced; too deep nesting is a client's error."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return json.loads(stream.read().decode("utf-8"), parse_constant=_reject_constant)
        except (ValueError, RecursionError) as error:
            raise exceptions.ParseError("The body is not valid JSON.") from error


def _reject_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


class AlwaysJSON(BaseContentNegotiation):
    """Every answer is JSON; the Accept header does not matter, so that there is no 406."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        from rest_framework.negotiation import DefaultContentNegotiation

        return DefaultContentNegotiation().select_parser(request, parsers)

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class Pages(PageNumberPagination):
    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 100


class Conflict(exceptions.APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = "This conflicts with the present state."


class BadCredentials(exceptions.APIException):
    """A failed login; not AuthenticationFailed, which DRF turns into 403 where no scheme is in force."""

    status_code = status.HTTP_401_UNAUTHORIZED
    default_detail = "Unable to log in with the given credentials."


def exception_handler(exc: Exception, context: Any) -> Response | None:
    """Errors are `{detail}`, invalid input `{detail, errors: {field: [message]}}`.

    All kinds of 404 say the same words: which model was searched, or whether the page or the object
    was missing, is nobody's business.
    """
    if isinstance(exc, IntegrityError):
        exc = Conflict()  # two requests raced for one unique value
    response = views.exception_handler(exc, context)
    if response is None:
        return None
    if isinstance(exc, Http404 | exceptions.NotFound):
        response.data = {"detail": NOT_FOUND}
    elif isinstance(exc, exceptions.ValidationError):
        response.data = {"detail": "Invalid input.", "errors": _by_field(exc.detail)}
    return response


def _by_field(detail: Any) -> dict[str, list[str]]:
    if not isinstance(detail, Mapping):
        detail = {"non_field_errors": detail}
    return {str(field): list(_messages(value)) for field, value in detail.items()}


def _messages(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield str(value)
    else:
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _messages(inner)


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    return JsonResponse({"detail": NOT_FOUND}, status=404)


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    return JsonResponse({"detail": "Bad request."}, status=400)


def server_error(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"detail": "Something went wrong on our side."}, status=500)
