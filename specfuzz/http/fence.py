"""Only the target's origin is ever contacted (RFC 6454), and redirects are followed only where that is safe."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from specfuzz.http.errors import OutsideFence, TransportError
from specfuzz.http.exchange import Response

MAX_REDIRECTS = 3
"""Hops followed within the origin; more is a loop."""

_DEFAULT_PORTS = {"http": 80, "https": 443}


def origin_of(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of `url`, with default ports filled in. Raises `TransportError` where it is no URL.

    Read by the parser that sends the request, httpx's: two parsers that disagree on a host are a way through a fence.
    """
    parts = _parsed(url)
    return parts.scheme, parts.raw_host.decode("ascii"), parts.port or _DEFAULT_PORTS.get(parts.scheme)


def _parsed(url: str) -> httpx.URL:
    try:
        return httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise TransportError(f"{url[:200]!r} cannot be sent to: {error}") from error


@dataclass(frozen=True, slots=True)
class Fence:
    """The base URL of the API under test and the rule that nothing else is contacted.

    `also` holds further origins that the user named for logging in (an identity provider); a URL there is sent as it is.
    """

    base_url: str
    also: frozenset[tuple[str, str, int | None]] = frozenset()

    def url_for(self, target: str) -> str:
        """Absolute URL of a path relative to the base URL; a URL on an allowed origin stays as it is.

        Raises `OutsideFence` if it would lead elsewhere, `TransportError` if nowhere: a document or a server-made id
        may hold `//evil.test/`, a control character or 70,000 letters.
        """
        if target.startswith(("http://", "https://")):
            url = target
        else:
            url = self.base_url.rstrip("/") + "/" + target.removeprefix("/")
        if origin_of(url) != origin_of(self.base_url) and origin_of(url) not in self.also:
            raise OutsideFence(f"{url} is not on the target's origin {'{}://{}:{}'.format(*origin_of(self.base_url))}")
        return url

    def redirect(self, url: str, method: str, response: Response) -> str | None:
        """Where to send the same request again, or None where the response itself is the answer.

        307 and 308 repeat method and body (RFC 9110, 15.4.8 and 15.4.9); 301 of a GET is followed when only the
        trailing slash differs. A 302 or 303 is an answer: often the login page, often the object just made.
        """
        location = response.header("location")
        if not location:
            return None
        here = _parsed(url)
        try:
            there = here.join(location)
            if origin_of(str(there)) != origin_of(url):
                return None
        except (TransportError, httpx.InvalidURL, UnicodeError):
            return None
        if response.status in (307, 308):
            return str(there)
        moved_slash = there.raw_path != here.raw_path and _without_slash(there) == _without_slash(here)
        return str(there) if response.status == 301 and method in ("GET", "HEAD") and moved_slash else None


def _without_slash(url: httpx.URL) -> tuple[str, bytes]:
    return url.path.rstrip("/"), url.query
