"""One file a rule: its metadata, its controls, its attack, its verdict. A probe never sends, sleeps, retries or logs."""

from specfuzz.probes.case import Case, Stop
from specfuzz.probes.rule import Category, Rule, Severity
from specfuzz.probes.sight import Sight
from specfuzz.probes.verdict import Break, Broken, Held, Inconclusive, Role, Step, Verdict

__all__ = [
    "Break",
    "Broken",
    "Case",
    "Category",
    "Held",
    "Inconclusive",
    "Role",
    "Rule",
    "Severity",
    "Sight",
    "Step",
    "Stop",
    "Verdict",
]
