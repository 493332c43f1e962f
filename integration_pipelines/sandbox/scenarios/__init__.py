"""Named situations that a test, a demo or an outside client can start in a running sandbox.

One per failure case of the project's list, and some for input and load. A scenario places orders,
forces faults, or plans what people do next; it never judges. `registry.py` says what a scenario is.
"""

from integration_pipelines.sandbox.scenarios import deposco, dispatches, orders, returns, running, stock
from integration_pipelines.sandbox.scenarios.registry import SCENARIOS, Scenario, start

__all__ = ["SCENARIOS", "Scenario", "deposco", "dispatches", "orders", "returns", "running", "start", "stock"]
