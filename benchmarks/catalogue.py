"""Which benchmarks there are, and how large the short and the full set are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.goods import calls as goods_calls
from benchmarks.orders import acceptance, calls, day, idle, intake
from benchmarks.rows import Row
from benchmarks.skus import audit
from benchmarks.stage import Stage
from benchmarks.stock import passes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much is measured.

    Attributes:
        intake_orders: orders read by each repetition; memory is compared with a quarter of them.
        intake_pairs: repetitions, ours and peer in turns.
        calls_orders: orders whose calls are counted, within `calls_hours` of simulated time.
        acceptance_poll_seconds: between two reads of a marketplace, in real time.
        acceptance_polls: so many intervals with customers.
        acceptance_waiting: orders that wait in a tick whose cost is measured.
        idle_looks: repetitions of each idle look.
        idle_ledgers: open orders in the ledger.
        day_orders: orders of the simulated day of `day_hours`.
        goods_orders: orders whose dispatches and returns are counted, within `goods_hours` of simulated time.
        stock_skus: of a warehouse that five marketplaces list.
        stock_pairs: passes over them with 1 % changed, ours and peer in turns.
        audit_skus: of each of two catalogues that are compared.
        audit_pairs: comparisons of them, ours and peer in turns.
    """

    intake_orders: int
    intake_pairs: int
    calls_orders: int
    calls_hours: float
    acceptance_poll_seconds: float
    acceptance_polls: int
    acceptance_waiting: int
    idle_looks: int
    idle_ledgers: tuple[int, ...]
    day_orders: int
    day_hours: float
    goods_orders: int
    goods_hours: float
    stock_skus: int
    stock_pairs: int
    audit_skus: int
    audit_pairs: int


SHORT = Sizes(
    intake_orders=5_000,
    intake_pairs=5,
    calls_orders=150,
    calls_hours=4,
    acceptance_poll_seconds=60,
    acceptance_polls=3,
    acceptance_waiting=50,
    idle_looks=60,
    idle_ledgers=(1_000, 10_000),
    day_orders=250,
    day_hours=6,
    goods_orders=40,
    goods_hours=12,
    stock_skus=10_000,
    stock_pairs=3,
    audit_skus=100_000,
    audit_pairs=5,
)
FULL = Sizes(
    intake_orders=20_000,
    intake_pairs=5,
    calls_orders=1_000,
    calls_hours=24,
    acceptance_poll_seconds=60,
    acceptance_polls=5,
    acceptance_waiting=50,
    idle_looks=120,
    idle_ledgers=(1_000, 10_000, 50_000),
    day_orders=1_000,
    day_hours=24,
    goods_orders=500,
    goods_hours=24,
    stock_skus=100_000,
    stock_pairs=3,
    audit_skus=1_000_000,
    audit_pairs=3,
)

Tell = Callable[[str], None]
BENCHMARKS: Mapping[str, Callable[[Stage, Sizes, Tell], list[Row]]] = {
    "orders/intake": lambda stage, sizes, tell: intake.measure(
        stage, orders=sizes.intake_orders, repetitions=sizes.intake_pairs, tell=tell
    ),
    "orders/calls_per_order": lambda stage, sizes, tell: calls.measure(
        stage, orders=sizes.calls_orders, hours=sizes.calls_hours, tell=tell
    ),
    "orders/acceptance": lambda stage, sizes, tell: acceptance.measure(
        stage,
        poll_seconds=sizes.acceptance_poll_seconds,
        intervals=sizes.acceptance_polls,
        waiting=sizes.acceptance_waiting,
        tell=tell,
    ),
    "orders/idle_tick": lambda stage, sizes, tell: idle.measure(
        stage, looks=sizes.idle_looks, sizes=sizes.idle_ledgers, tell=tell
    ),
    "orders/day": lambda stage, sizes, tell: day.measure(
        stage, orders=sizes.day_orders, hours=sizes.day_hours, tell=tell
    ),
    "dispatches/calls": lambda stage, sizes, tell: goods_calls.measure(
        stage, orders=sizes.goods_orders, hours=sizes.goods_hours, tell=tell
    ),
    "stock/pass": lambda stage, sizes, tell: passes.measure(
        stage, skus=sizes.stock_skus, repetitions=sizes.stock_pairs, tell=tell
    ),
    "catalogue/audit": lambda stage, sizes, tell: audit.measure(
        stage, skus=sizes.audit_skus, repetitions=sizes.audit_pairs, tell=tell
    ),
}
