"""Two small middlewares: method override for clients behind old proxies, and the CSRF token's cookie."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token

from agora.authentication import remember_issued
from agora.switches import on

GetResponse = Callable[[HttpRequest], HttpResponse]
OVERRIDABLE = frozenset({"PUT", "PATCH", "DELETE"})


class MethodOverrideMiddleware:
    """Let a POST stand for PUT, PATCH or DELETE.

    This comes before sessions and views, so that CSRF and permission checks judge the method that will run.
    A GET is never turned into a write.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Django decodes the query string with the charset of the body's type, which may be made up.
        request.encoding = "utf-8"
        wanted = request.headers.get("X-HTTP-Method-Override", "").upper()
        if request.method == "POST" and wanted in OVERRIDABLE:
            request.method = wanted
        return self.get_response(request)


class CsrfTokenCookieMiddleware:
    """Carry the CSRF token of the session to the page in the usual `csrftoken` cookie.

    The session holds the truth (CSRF_USE_SESSIONS). Django's plain double submit would accept any pair of
    equal cookie and header, also one that was planted from a neighbouring subdomain.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.META.get("CSRF_COOKIE_NEEDS_UPDATE"):
            response.set_cookie(
                settings.CSRF_COOKIE_NAME,
                get_token(request),
                max_age=settings.SESSION_COOKIE_AGE,
                secure=settings.CSRF_COOKIE_SECURE,
                httponly=False,  # the page has to read it; that is its purpose
                samesite="Lax",
            )
            if on("csrf-token-shared"):
                remember_issued(request.META["CSRF_COOKIE"])
        return response
