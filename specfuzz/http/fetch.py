"""Fetch a document by URL: one request, bounded in size and time, redirects only within the origin."""

from __future__ import annotations

import httpx

from specfuzz.http.errors import HttpError, TargetUnreachable
from specfuzz.http.fence import MAX_REDIRECTS, origin_of

MAX_DOCUMENT_BYTES = 64_000_000
"""The largest public documents (Microsoft Graph) are about 40 MB; a larger answer is no document."""


class NotFetched(HttpError):
    """The server answered, but not with a document."""


def fetch_text(url: str, *, timeout_s: float = 30.0, verify: bool = True) -> str:
    """The text at `url`. Raises `TargetUnreachable` if nothing answers, `NotFetched` if the answer is of no use."""
    try:
        with httpx.Client(timeout=timeout_s, verify=verify, trust_env=False) as client:
            for _ in range(MAX_REDIRECTS + 1):
                with client.stream(
                    "GET", url, headers={"Accept": "application/json, application/yaml, */*;q=0.5"}
                ) as got:
                    if got.is_redirect and got.next_request is not None:
                        there = str(got.next_request.url)
                        if origin_of(there) != origin_of(url):
                            raise NotFetched(f"{url} redirects to another origin: {there}")
                        url = there
                        continue
                    if got.status_code >= 400:
                        raise NotFetched(f"{url} answered {got.status_code}")
                    return _read(got, url)
    except httpx.InvalidURL as error:
        raise NotFetched(f"{url} is no URL: {error}") from error
    except httpx.TimeoutException as error:
        raise TargetUnreachable(f"{url} did not answer within {timeout_s:g} s") from error
    except httpx.HTTPError as error:
        raise TargetUnreachable(f"{url} does not answer: {error}") from error
    raise NotFetched(f"{url} redirects in a circle")


def _read(response: httpx.Response, url: str) -> str:
    parts: list[bytes] = []
    size = 0
    for chunk in response.iter_bytes():
        parts.append(chunk)
        size += len(chunk)
        if size > MAX_DOCUMENT_BYTES:
            raise NotFetched(f"{url} is larger than {MAX_DOCUMENT_BYTES // 1_000_000} MB: this is no OpenAPI document")
    return b"".join(parts).decode("utf-8", errors="replace")
