"""Contracts of documents that were read before: a second run on an unchanged document starts at once.

A contract is found by what it was made from: the document's text and the code that reads it. It is a pickle, and a pickle
from elsewhere is a program, so that a file counts only if it lies in a folder of the user's own that nobody else may
write to or read, is the user's own and private, holds what was written, and names no class but those of a contract.
Whatever is wrong with the cache, the document is simply read again.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import stat
import sys
import tempfile
from dataclasses import replace
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from specfuzz.contract import Contract

FOLDER_VARIABLE: Final = "SPECFUZZ_CACHE_DIR"

MAX_FILES: Final = 40
MAX_BYTES: Final = 500_000_000
"""A contract of GitHub's document has 8 MB, of Microsoft Graph's some 60; the oldest are removed beyond this."""

_MAGIC: Final = b"specfuzz contract 1\n"
_READERS: Final = ("contract", "generation/dependencies.py", "generation/__init__.py")
_CLASSES: Final = (
    "specfuzz.contract.derive",
    "specfuzz.contract.document",
    "specfuzz.contract.model",
    "specfuzz.contract.policy",
    "specfuzz.contract.schemas",
)
_ALLOWED: Final = {
    ("builtins", "set"),
    ("builtins", "frozenset"),
    ("copyreg", "_reconstructor"),
    ("builtins", "object"),
}


def recall(text: str, location: str) -> Contract | None:
    """The contract of a document with this text, if it was kept."""
    folder = _private_folder()
    content = _read_private(folder / _name(text)) if folder is not None else None
    if content is None or not content.startswith(_MAGIC):
        return None
    digest, payload = content[len(_MAGIC) :][:32], content[len(_MAGIC) + 32 :]
    if hashlib.sha256(payload).digest() != digest:
        return None
    try:
        contract = _Unpickler(io.BytesIO(payload)).load()
    except (pickle.UnpicklingError, EOFError, AttributeError, LookupError, TypeError, ValueError, RecursionError):
        return None  # written by other code than this, in spite of the name; it is replaced by what is read now
    if not isinstance(contract, Contract):
        return None
    return replace(contract, document=replace(contract.document, location=location, text=text))


def keep(text: str, contract: Contract) -> bool:
    """Keep a contract for the next time; False where that is not possible, which costs time and nothing else."""
    folder = _private_folder()
    if folder is None:
        return False
    try:
        payload = pickle.dumps(replace(contract, document=replace(contract.document, loaded=None, text="")), protocol=5)
    except (pickle.PicklingError, RecursionError, TypeError, AttributeError):  # a document that is nested very deeply
        return False
    try:
        number, name = tempfile.mkstemp(dir=folder, prefix=".new-")  # it is made for the user alone
        try:
            with os.fdopen(number, "wb") as file:
                file.write(_MAGIC + hashlib.sha256(payload).digest() + payload)
            Path(name).replace(folder / _name(text))
        except OSError:
            Path(name).unlink(missing_ok=True)
            return False
        _prune(folder)
    except OSError:  # a full or read-only disk
        return False
    return True


class _Unpickler(pickle.Unpickler):
    """Makes the classes of a contract and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if module in _CLASSES or (module, name) in _ALLOWED:
            found = super().find_class(module, name)
            if isinstance(found, type) or (module, name) in _ALLOWED:
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a contract")


def _name(text: str) -> str:
    made_from = hashlib.sha256(_code_digest())
    made_from.update(text.encode("utf-8", errors="surrogatepass"))
    return f"{made_from.hexdigest()}.contract"


@cache
def _code_digest() -> bytes:
    """What else decides what a contract looks like: the code that derives it, Python and the libraries."""
    found = hashlib.sha256(f"{sys.version} {metadata.version('schemathesis')}".encode())
    package = Path(__file__).parents[1]
    for reader in _READERS:
        path = package / reader
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.suffix in (".py", ".txt"):
                found.update(file.read_bytes())
    return found.digest()


def _private_folder() -> Path | None:
    """The folder, made where it is missing; None where others may write to it or read it."""
    import platformdirs

    chosen = os.environ.get(FOLDER_VARIABLE)
    folder = (Path(chosen) if chosen else platformdirs.user_cache_path("specfuzz")) / "contracts"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder if _is_private(folder.lstat(), stat.S_ISDIR) else None
    except OSError:  # no home, or a read-only one
        return None


def _read_private(path: Path) -> bytes | None:
    try:
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    except OSError:  # it is not there, or is a link
        return None
    with os.fdopen(number, "rb") as file:
        found = os.fstat(number)
        if not _is_private(found, stat.S_ISREG) or found.st_size > MAX_BYTES:
            return None
        os.utime(path)  # what is used stays
        return file.read()


def _is_private(found: os.stat_result, is_kind: Any) -> bool:
    if not is_kind(found.st_mode):
        return False
    if not hasattr(os, "geteuid"):  # Windows: the user's cache folder is private by its access list
        return True
    return found.st_uid == os.geteuid() and not stat.S_IMODE(found.st_mode) & 0o077


def _prune(folder: Path) -> None:
    """Remove what was not used for the longest time, and what an interrupted run left half written."""
    files = sorted(((file.stat(), file) for file in folder.iterdir()), key=lambda item: -item[0].st_mtime)
    size = 0
    for number, (found, file) in enumerate(files):
        size += found.st_size
        if number >= MAX_FILES or size > MAX_BYTES:
            file.unlink(missing_ok=True)
