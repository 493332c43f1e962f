"""`/control/…`: the sandbox's own interface for demos, tests and outside clients. It draws no randomness.

GET  accounts, clock, truth, scenarios, outages
POST advance?seconds=S, scenarios/{name}[?marketplace=KEY][&hours=H], faults?plan=none|usual|heavy,
     quiet[?on=false], heal?order_id=ID

What an account's entry holds is in `accounts.py`. `faults` replaces the plan with its outages; those that
scenarios began go on.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from integration_pipelines.clock import ManualClock
from integration_pipelines.sandbox.faults import FaultPlan
from integration_pipelines.sandbox.scenarios import SCENARIOS
from integration_pipelines.sandbox.wire import Answer, Request, json_answer

if TYPE_CHECKING:
    from integration_pipelines.sandbox.core import Sandbox


class _ControlError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Act(NamedTuple):
    method: str
    carry_out: Callable[[Request], Any]


class Control:
    """Answers control requests for one sandbox."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox
        self._acts = {
            "accounts": _Act("GET", lambda _: sandbox.accounts()),
            "clock": _Act("GET", lambda _: self._now()),
            "truth": _Act("GET", lambda _: sandbox.truth()),
            "outages": _Act("GET", lambda _: sandbox.outages()),
            "scenarios": _Act("GET", lambda _: [scenario.told() for scenario in SCENARIOS.values()]),
            "advance": _Act("POST", self._advance),
            "faults": _Act("POST", self._use_faults),
            "quiet": _Act("POST", self._quieten),
            "heal": _Act("POST", self._heal),
        }

    def answer(self, request: Request) -> Answer:
        """`request.path` begins with `/control/`."""
        name, _, rest = request.path.removeprefix("/control/").strip("/").partition("/")
        act = self._acts.get(name)
        if rest and name == "scenarios":
            act = _Act("POST", lambda request: self._start(rest, request))
        elif rest:
            act = None
        try:
            if act is None:
                raise _ControlError(
                    404, f"There is no {request.path}; there are: {', '.join(sorted(self._acts))}."
                )
            if act.method != request.method:
                raise _ControlError(405, f"{request.path} takes {act.method}, not {request.method}.")
            return json_answer(200, act.carry_out(request))
        except _ControlError as error:
            return json_answer(error.status, {"status": error.status, "message": str(error)})

    def _now(self) -> dict[str, str]:
        return {"now": self._sandbox.clock.now().isoformat()}

    def _advance(self, request: Request) -> dict[str, str]:
        clock = self._sandbox.clock
        if not isinstance(clock, ManualClock):
            raise _ControlError(
                409, "This sandbox runs on real time; only a simulated clock can be advanced."
            )
        try:
            seconds = float(request.first("seconds") or "")
            clock.advance(seconds)
        except (ValueError, OverflowError):
            raise _ControlError(
                400, "seconds must be a number of at least 0: POST /control/advance?seconds=60"
            ) from None
        self._sandbox.catch_up()
        return self._now()

    def _use_faults(self, request: Request) -> dict[str, str]:
        try:
            plan = FaultPlan.named(request.first("plan") or "")
        except ValueError as error:
            raise _ControlError(400, str(error)) from None
        self._sandbox.use_fault_plan(plan)
        return {"plan": plan.name}

    def _quieten(self, request: Request) -> dict[str, bool]:
        self._sandbox.quiet = (request.first("on") or "true").lower() != "false"
        return {"quiet": self._sandbox.quiet}

    def _heal(self, request: Request) -> dict[str, Any]:
        order_id = request.first("order_id") or ""
        if not self._sandbox.heal(order_id):
            raise _ControlError(404, f"No order {order_id!r} is damaged.")
        return {"healed": order_id}

    def _start(self, name: str, request: Request) -> dict[str, Any]:
        if name not in SCENARIOS:
            raise _ControlError(404, f"There is no scenario {name!r}; see GET /control/scenarios.")
        hours = request.first("hours")
        try:
            return self._sandbox.start_scenario(
                name, request.first("marketplace"), None if hours is None else float(hours)
            )
        except ValueError as error:
            raise _ControlError(400, str(error)) from None
