"""HTTP Archive 1.2 for proxies and browsers: every exchange that the result holds, secrets masked.

A run that was asked for this format keeps all its exchanges; a result from a saved report has those of its findings' proofs.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from io import StringIO
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import harfile

from specfuzz.findings import Evidence, Recorded, Result
from specfuzz.reports.text import body_text, encodable, encodable_value, printable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for the beginning of a run that does not say when it was."""


def render(result: Result) -> str:
    """The archive as text."""
    started = datetime.fromisoformat(result.started_at) if result.started_at is not None else _EPOCH
    buffer = StringIO()
    creator = harfile.Creator(name="specfuzz", version=result.tool_version)
    with harfile.HarFile.open(buffer, creator=creator) as archive:
        for item, comment in _exchanges(result):
            archive.add_entry(
                startedDateTime=(started + timedelta(seconds=item.at_s)).isoformat(),
                time=round(item.elapsed_s * 1000, 3),
                request=_request(item.evidence),
                response=_response(item.evidence),
                timings=harfile.Timings(send=0, wait=round(item.elapsed_s * 1000, 3), receive=0),
                comment=printable(comment),
            )
    return buffer.getvalue() + "\n"


def _exchanges(result: Result) -> list[tuple[Recorded, str]]:
    if result.exchanges:
        return [(item, f"{item.evidence.identity} at {item.operation or 'no operation'}") for item in result.exchanges]
    return [
        (
            Recorded(at_s=0.0, elapsed_s=0.0, operation=found.operation.label, evidence=item),
            f"{found.rule} {found.fingerprint}, {item.role} by {item.identity}: {item.note}",
        )
        for found in result.findings
        for item in found.evidence
    ]


def _request(item: Evidence) -> harfile.Request:
    url = encodable(str(item.request["url"]))
    body = item.request["body"]
    return harfile.Request(
        method=str(item.request["method"]),
        url=url,
        httpVersion="HTTP/1.1",
        cookies=_cookies(item.request["headers"]),
        headers=_headers(item.request["headers"]),
        queryString=[
            harfile.Record(name=name, value=value)
            for name, value in parse_qsl(urlsplit(url).query, keep_blank_values=True)
        ],
        postData=None
        if body is None
        else harfile.PostData(mimeType=_media_type(item.request["headers"]), text=encodable(body_text(body))),
        headersSize=-1,
        bodySize=-1,
    )


def _response(item: Evidence) -> harfile.Response:
    text = encodable(body_text(item.response["body"]))
    status = int(item.response["status"])
    headers = item.response["headers"]
    return harfile.Response(
        status=status,
        statusText=HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "",
        httpVersion="HTTP/1.1",
        cookies=[],
        headers=_headers(headers),
        content=harfile.Content(size=len(text.encode()), mimeType=_media_type(headers), text=text),
        redirectURL=encodable(next((str(value) for name, value in headers.items() if name.lower() == "location"), "")),
        headersSize=-1,
        bodySize=-1,
    )


def _headers(headers: dict[str, Any]) -> list[harfile.Record]:
    return [harfile.Record(name=encodable(name), value=encodable_value(value)) for name, value in headers.items()]


def _cookies(headers: dict[str, Any]) -> list[harfile.Cookie]:
    """Names as they were sent; their values are masked already."""
    line = next((str(value) for name, value in headers.items() if name.lower() == "cookie"), "")
    pairs = [pair.strip().partition("=") for pair in line.split(";") if pair.strip()]
    return [harfile.Cookie(name=encodable(name), value=encodable(value)) for name, _, value in pairs]


def _media_type(headers: dict[str, Any]) -> str:
    return encodable(next((str(value) for name, value in headers.items() if name.lower() == "content-type"), ""))
