"""Run Harbour Bank's API on the loopback interface, with the weaknesses that are switched on."""

import argparse
import json
import sys
import warnings
from pathlib import Path

import uvicorn

# isort: split

from harbour.main import create_app
from harbour.switches import parse
from harbour.tokens import ACCESS_TTL_S


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=8000)
    options.add_argument("--on", default="none", metavar="SWITCHES", help="comma separated, `none` or `all`")
    options.add_argument("--access-ttl", type=int, default=ACCESS_TTL_S, metavar="SECONDS")
    options.add_argument("--write-document", action="store_true", help="write openapi.json and exit")
    chosen = options.parse_args()
    if chosen.write_document:
        document = json.dumps(create_app().openapi(), indent=2, ensure_ascii=False)
        Path(__file__).with_name("openapi.json").write_text(document + "\n", encoding="utf-8")
        return 0
    try:
        switches = parse(chosen.on)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    # PyJWT warns of a short key, which is the very point of one switch.
    warnings.filterwarnings("ignore", module="jwt")
    app = create_app(switches, access_ttl_s=chosen.access_ttl)
    uvicorn.run(app, host="127.0.0.1", port=chosen.port, log_level="critical", access_log=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
