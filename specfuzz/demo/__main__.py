"""Serve the demo from the command line."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence

from .server import serve
from .weaknesses import ALL, WEAKNESSES, checked


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, serve; returns the exit code."""
    names = "\n".join(f"  {name:<24} {flaw.rule}  {flaw.summary}" for name, flaw in WEAKNESSES.items())
    parser = argparse.ArgumentParser(
        prog="python -m specfuzz.demo",
        description="Serve an insecure notes API on 127.0.0.1, to try specfuzz on.",
        epilog=f"weaknesses:\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=8000, help="0 picks a free one (default: 8000)")
    variant = parser.add_mutually_exclusive_group()
    variant.add_argument("--repaired", action="store_true", help="serve the twin without weaknesses")
    variant.add_argument("--only", nargs="+", metavar="NAME", help="serve with these weaknesses alone")
    options = parser.parse_args(arguments)
    if not 0 <= options.port <= 65535:
        parser.error(f"--port: {options.port} is not between 0 and 65535")
    try:
        weaknesses = checked(() if options.repaired else options.only or ALL)
    except ValueError as error:
        parser.error(str(error))
    # A plain SIGTERM would leave the temporary data behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    serve(options.port, weaknesses)
    return 0


if __name__ == "__main__":
    sys.exit(main())
