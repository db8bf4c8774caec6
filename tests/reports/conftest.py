"""Lets the tests of the reports import what stands beside them; a browser's tests run where a browser is installed."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import browser

collect_ignore = [] if browser.find() else ["test_reports_browser.py"]
"""CI installs a browser (`.ci/run`). Without one, `test_reports_html.py` still reads the page with a parser."""
