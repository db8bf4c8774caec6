"""From the command line's SPEC and --url to a document and the base URL to test."""

from __future__ import annotations

import contextlib
import gc
import ipaddress
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from specfuzz.cli.errors import UsageError
from specfuzz.contract import Contract, Document, Policy, derive, parse
from specfuzz.contract.reading import MAX_DOCUMENT_BYTES, too_large


def load_contract(spec: str, *, verify: bool = True, policy: Policy | None = None, use_cache: bool = True) -> Contract:
    """The contract of the document at a path or URL. Raises `UsageError`, `ContractError` or `HttpError`.

    An unchanged document is not derived again, unless a policy has something to say about it or `use_cache` is false.
    """
    from specfuzz.cli import cache

    text = read_spec(spec, verify=verify)
    use_cache = use_cache and (policy is None or policy.is_empty)
    with _collector_paused():
        contract = cache.recall(text, spec) if use_cache else None
        if contract is None:
            from specfuzz.generation import infer_links

            document = parse(text, spec)
            contract = derive(document, infer_links(document), policy)
            if use_cache:
                cache.keep(text, contract)
    return contract


@contextlib.contextmanager
def _collector_paused() -> Iterator[None]:
    """Large documents are hundreds of thousands of objects that stay: looking for garbage among them takes a third of the
    time and finds next to none (the peak of memory is the same)."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def read_spec(spec: str, *, verify: bool = True) -> str:
    """The text of the document at a path or URL."""
    if spec.startswith(("http://", "https://")):
        from specfuzz.http.fetch import fetch_text

        return fetch_text(spec, verify=verify)
    if "://" in spec:
        raise UsageError(
            f"{spec} is neither a file nor an http(s) URL", hint="give a path, or a URL with http or https"
        )
    path = Path(spec)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_DOCUMENT_BYTES + 1)  # and not all of /dev/zero
        if len(content) > MAX_DOCUMENT_BYTES:
            raise too_large(spec)
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"no such file: {spec}", hint=_nearest(path)) from None
    except IsADirectoryError:
        raise UsageError(f"{spec} is a directory", hint="give the document's own path, such as openapi.json") from None
    except UnicodeDecodeError:
        raise UsageError(f"{spec} is not a text file in UTF-8", hint="is this the right file?") from None
    except OSError as error:
        raise UsageError(f"cannot read {spec}: {error.strerror}") from error


def _nearest(path: Path) -> str:
    import difflib

    try:
        names = [item.name for item in path.parent.iterdir() if item.suffix in (".json", ".yaml", ".yml")]
    except OSError:
        return "check the path"
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.4)
    return f"did you mean {path.with_name(near[0])}?" if near else "check the path"


def base_url(document: Document, spec: str, url: str | None) -> tuple[str, str | None]:
    """The base URL to test, and a note where it is not simply what was given.

    `--url` wins. Without it the document's own server is used if it is on the origin that the document came from, or on
    this machine: a server that nobody named on the command line is never attacked. Raises `UsageError`.
    """
    if url is not None:
        return _checked(url), None
    servers = document.servers
    if spec.startswith(("http://", "https://")):
        for server in servers:
            absolute = urljoin(spec, server)
            if urlsplit(absolute).netloc == urlsplit(spec).netloc:
                return _checked(absolute), None
        origin = urlsplit(spec)
        path = urlsplit(servers[0]).path if servers else "/"
        chosen = f"{origin.scheme}://{origin.netloc}{path}"
        note = f"the document names {servers[0]}; testing {chosen}, where it came from" if servers else None
        return _checked(chosen), note
    local = next((server for server in servers if _is_local(server)), None)
    if local is not None:
        return _checked(local), f"testing {local}, the document's own server"
    named = f" (the document names {servers[0]}; if that is the one to test, say so)" if servers else ""
    raise UsageError(f"which server is to be tested?{named}", hint="add --url http://127.0.0.1:8000")


def _checked(url: str) -> str:
    parts = urlsplit(url)
    try:
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        port_is_valid = False
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_valid:
        raise UsageError(
            f"the base URL is not an http(s) URL: {url}", hint="for example: --url http://127.0.0.1:8000/v1"
        )
    return url.split("?")[0].split("#")[0].rstrip("/") or url


def _is_local(server: str) -> bool:
    host = urlsplit(server).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
