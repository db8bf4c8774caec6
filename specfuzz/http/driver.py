"""Send requests and return exchanges: an asynchronous and a synchronous driver on httpx.

Drivers decide nothing about the contract. They keep to the fence and the limits, retry what a server asked to retry,
and turn every transport failure into `TransportError` or `TargetUnreachable`.

They use httpx's transports and not its clients: a client keeps cookies for whoever comes next, reads redirects that it
is told not to follow, and fails on those that are no URL.
"""

from __future__ import annotations

import asyncio
import base64
import re
import time
from collections.abc import Awaitable, Callable, Generator
from types import TracebackType
from typing import TypeVar

import httpx

from specfuzz import __version__
from specfuzz.http.errors import Interrupted, TransportError
from specfuzz.http.exchange import Exchange, Flow, Pairs, Request, Response
from specfuzz.http.fence import MAX_REDIRECTS, Fence
from specfuzz.http.limits import Limits

TIMEOUT_S = 10.0
"""Seconds without an answer before a request counts as failed (Schemathesis uses 10 as well)."""

MAX_BODY_BYTES = 5_000_000
"""A longer response body, in bytes, is cut: enough for any list worth judging, bounded for a hostile target."""

MAX_CONNECTIONS = 32
"""Pooled connections; the engine's concurrency is below it."""

_POOL = httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS)

_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

T = TypeVar("T")
_Step = Generator[httpx.Request | float, Response | None, Exchange]


def _build_headers(request: Request, url: httpx.URL) -> list[tuple[str, str]]:
    headers = [("User-Agent", f"specfuzz/{__version__}"), ("Accept", "application/json, */*;q=0.5")]
    if url.userinfo:
        # `https://user:password@staging.test`: the door before the API, which an identity's own credentials replace.
        token = base64.b64encode(f"{url.username}:{url.password}".encode()).decode()
        headers.append(("Authorization", f"Basic {token}"))
    named = {name.lower() for name, _ in request.headers}
    headers = [(name, value) for name, value in headers if name.lower() not in named]
    headers.extend(request.headers)
    if request.cookies:
        headers.append(("Cookie", "; ".join(f"{name}={value}" for name, value in request.cookies)))
    return headers


def _conversation(fence: Fence, limits: Limits, request: Request, timeout_s: float) -> _Step:
    """Everything both drivers do for one request: yields what to send (or seconds to wait), receives the response."""
    url = fence.url_for(request.target)
    headers = _build_headers(request, httpx.URL(url))
    extensions = {"timeout": httpx.Timeout(timeout_s).as_dict()}
    hops = attempt = 0
    if request.wait_s:
        yield request.wait_s
    while True:
        wait_s = limits.spend()
        if wait_s:
            yield wait_s
        started = time.perf_counter()
        response = yield httpx.Request(
            request.method, url, headers=_encoded(headers), content=request.body or None, extensions=extensions
        )
        if response is None:
            raise AssertionError("a driver must answer a request with a response")
        limits.note_answer()
        elapsed_s = time.perf_counter() - started
        retry_s = limits.retry_wait_s(request.method, response, attempt)
        if retry_s is not None:
            attempt += 1
            yield retry_s
            continue
        following = fence.redirect(url, request.method, response) if hops < MAX_REDIRECTS else None
        if following is None:
            return Exchange(
                request=request, response=response, url=url, sent_headers=tuple(headers), elapsed_s=elapsed_s
            )
        url, hops = following, hops + 1


def _encoded(headers: list[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """Header values may hold what a server once gave us: UTF-8 where it is not ASCII, no control character (RFC 9110, 5.5)."""
    clean = [(name, _CONTROLS.sub(" ", value).strip()) for name, value in headers]
    return [(name.encode("ascii", "replace"), value.encode("utf-8", "replace")) for name, value in clean]


def _failure(limits: Limits, request: Request, error: httpx.HTTPError) -> TransportError:
    """The error for one unanswered request; raises `TargetUnreachable` instead when the target seems gone."""
    what = f"{request.method} {request.path}: {_plain(error)}"
    if isinstance(error, httpx.DecodingError):
        limits.note_answer()  # unreadable, but the target is there
    elif not isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol):  # those two were never sent
        limits.note_silence(what)
    return TransportError(what)


def _plain(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    if isinstance(error, httpx.ConnectError) and "SSL" not in str(error):
        return "connection refused or host not found"
    return str(error) or type(error).__name__


class AsyncDriver:
    """Sends requests with httpx's asynchronous client; one connection pool for the whole run.

    While `stop` is set, nothing is waited for: a request that would have to wait raises `Interrupted` and is not sent.
    """

    def __init__(
        self,
        base_url: str,
        *,
        limits: Limits | None = None,
        timeout_s: float = TIMEOUT_S,
        verify: bool = True,
        also: frozenset[tuple[str, str, int | None]] = frozenset(),
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.fence = Fence(base_url, also)
        self.limits = limits or Limits()
        self.stop: asyncio.Event | None = None
        self._sleep = sleep
        self._timeout_s = timeout_s
        self._transport = transport or httpx.AsyncHTTPTransport(verify=verify, limits=_POOL, trust_env=False)

    async def send(self, request: Request) -> Exchange:
        """Raises `TransportError`, `TargetUnreachable`, `BudgetExhausted`, `Interrupted` or `OutsideFence`."""
        steps = _conversation(self.fence, self.limits, request, self._timeout_s)
        wanted = next(steps)
        while True:
            answer = None
            if isinstance(wanted, httpx.Request):
                try:
                    answer = await self._fetch(wanted)
                except httpx.HTTPError as error:
                    raise _failure(self.limits, request, error) from error
            else:
                await self._wait(wanted)
            try:
                wanted = steps.send(answer)
            except StopIteration as done:
                exchange: Exchange = done.value
                return exchange

    async def _wait(self, seconds: float) -> None:
        if self.stop is None:
            await self._sleep(seconds)
            return
        waits = [asyncio.ensure_future(self._sleep(seconds)), asyncio.ensure_future(self.stop.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if self.stop.is_set():
            raise Interrupted("the run was asked to stop")

    async def _fetch(self, wanted: httpx.Request) -> Response:
        response = await self._transport.handle_async_request(wanted)
        try:
            parts: list[bytes] = []
            size = 0
            async for chunk in response.aiter_bytes():
                parts.append(chunk)
                size += len(chunk)
                if size > MAX_BODY_BYTES:
                    break
        finally:
            await response.aclose()
        return _read(response, parts)

    async def __aenter__(self) -> AsyncDriver:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.aclose()


class SyncDriver:
    """The same over httpx's synchronous client, for hosts that are synchronous themselves (Schemathesis, pytest)."""

    def __init__(
        self,
        base_url: str,
        *,
        limits: Limits | None = None,
        timeout_s: float = TIMEOUT_S,
        verify: bool = True,
        also: frozenset[tuple[str, str, int | None]] = frozenset(),
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.fence = Fence(base_url, also)
        self.limits = limits or Limits()
        self._sleep = sleep
        self._timeout_s = timeout_s
        self._transport = transport or httpx.HTTPTransport(verify=verify, limits=_POOL, trust_env=False)

    def send(self, request: Request) -> Exchange:
        """Raises `TransportError`, `TargetUnreachable`, `BudgetExhausted` or `OutsideFence`."""
        steps = _conversation(self.fence, self.limits, request, self._timeout_s)
        wanted = next(steps)
        while True:
            answer = None
            if isinstance(wanted, httpx.Request):
                try:
                    answer = self._fetch(wanted)
                except httpx.HTTPError as error:
                    raise _failure(self.limits, request, error) from error
            else:
                self._sleep(wanted)
            try:
                wanted = steps.send(answer)
            except StopIteration as done:
                exchange: Exchange = done.value
                return exchange

    def _fetch(self, wanted: httpx.Request) -> Response:
        response = self._transport.handle_request(wanted)
        try:
            parts: list[bytes] = []
            size = 0
            for chunk in response.iter_bytes():
                parts.append(chunk)
                size += len(chunk)
                if size > MAX_BODY_BYTES:
                    break
        finally:
            response.close()
        return _read(response, parts)

    def close(self) -> None:
        self._transport.close()


def _read(response: httpx.Response, parts: list[bytes]) -> Response:
    """What came back; content coding is undone and the body perhaps cut, so headers that would lie are left out."""
    headers = tuple(
        (key, value)
        for key, value in response.headers.multi_items()
        if key.lower() not in ("content-encoding", "content-length", "transfer-encoding")
    )
    return Response(status=response.status_code, headers=headers, body=b"".join(parts)[:MAX_BODY_BYTES])


def run_flow(flow: Flow[T], send: Callable[[Request], Exchange]) -> T:
    """Carry a flow to its end with a synchronous `send`; an error of `send` is thrown into the flow."""
    try:
        request = next(flow)
        while True:
            try:
                exchange = send(request)
            except Exception as error:
                request = flow.throw(error)
            else:
                request = flow.send(exchange)
    except StopIteration as done:
        result: T = done.value
        return result


async def run_flow_async(flow: Flow[T], send: Callable[[Request], Awaitable[Exchange]]) -> T:
    """Carry a flow to its end with an asynchronous `send`; an error of `send` is thrown into the flow."""
    try:
        request = next(flow)
        while True:
            try:
                exchange = await send(request)
            except Exception as error:
                request = flow.throw(error)
            else:
                request = flow.send(exchange)
    except StopIteration as done:
        result: T = done.value
        return result


def recorded(flow: Flow[T], into: list[Exchange]) -> Flow[T]:
    """The same flow, which leaves every exchange in `into` as it comes back."""
    try:
        request = next(flow)
        while True:
            try:
                exchange = yield request
            except Exception as error:
                request = flow.throw(error)
            else:
                into.append(exchange)
                request = flow.send(exchange)
    except StopIteration as done:
        result: T = done.value
        return result


__all__ = ["AsyncDriver", "Pairs", "SyncDriver", "recorded", "run_flow", "run_flow_async"]
