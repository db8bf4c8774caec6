"""Chooses, schedules and runs probes inside budgets; tells what happens; always has a result."""

from specfuzz.engine.plan import Selection, plan
from specfuzz.engine.run import Options, Run, known_rules
from specfuzz.engine.scenario import Scenario

__all__ = ["Options", "Run", "Scenario", "Selection", "known_rules", "plan"]
