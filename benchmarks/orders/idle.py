"""What it costs to look when nothing has happened: a sensor tick, a channel's work pass, a whole round.

Most minutes of most marketplaces are like that, so this is the cost of merely having a marketplace.
It must not grow with the orders that rest in the ledger, waiting for a debit, a carrier or a person.
Own CPU only: the sandbox, which runs in this process, is taken off.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

from sqlalchemy import text

from benchmarks.meters import RoundTrips
from benchmarks.rows import Goal, Row, row
from benchmarks.stage import Retailer, Stage
from integration_pipelines.ledger import Ledger
from integration_pipelines.rounds import ROUND_SECONDS, Rounds
from integration_pipelines.sandbox.business import Business
from integration_pipelines.sandbox.faults import FaultPlan

IDLE_ROUND_ALLOWED = 15.0  # milliseconds of own CPU
FLAT = 1.5  # how much dearer the largest ledger may be: noise of a shared machine included

# Orders at rest: half wait for a moment in the future, half for a fact; all have one line.
_REST = text("""
with made as (
    insert into orders (marketplace, order_id, channel, number, state, currency, total_price, shipping_price,
        buyer, contact, placed_at, updated_at, waiting_since, accept_by, accepted_at, read_at, first_seen_at,
        raw, raw_hash, look_at)
    select key, 'REST-' || n, key, key || '-REST-' || n, 'WAITING_DEBIT', 'EUR', 20, 0, 'buyer ' || n, '{}',
        at - interval '1 day', at - interval '1 day', at - interval '1 day', at + interval '1 day', at, at,
        at, '{}', '', case when n % 2 = 0 then at + interval '30 days' end
    from (select cast(:keys as text[]) as keys, cast(:at as timestamptz) as at) given,
        generate_series(1, :count) n, lateral (select keys[1 + n % array_length(keys, 1)] as key) chosen
    returning marketplace, order_id
)
insert into order_lines (marketplace, order_id, line_id, position, sku, quantity, unit_price, price,
    shipping_price, state)
select marketplace, order_id, '1', 0, 'SKU', 1, 20, 20, 0, 'WAITING_DEBIT' from made
""")


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one look: milliseconds of own CPU, calls sent, round trips to the database."""

    milliseconds: float
    calls: float
    round_trips: float


def measure(stage: Stage, *, looks: int, sizes: Sequence[int], tell: Callable[[str], None]) -> list[Row]:
    """Rows for the tick, the work pass and the round, each over all `sizes` of ledger.

    Args:
        looks: how often each is repeated.
        sizes: open orders in the ledger, rising.
    """
    costs: dict[str, list[Cost]] = {"tick": [], "work_pass": [], "round": []}
    for size in sizes:
        tell(f"idle looks with {size} open orders")
        with stage.ledger() as ledger:
            retailer = _at_rest(ledger, size)
            integration, keys = retailer.integration, list(retailer.sandbox.marketplaces)
            trips = RoundTrips(ledger.engine)
            rounds = Rounds(integration, retailer.clock)
            looked: dict[str, Callable[[], Any]] = {
                "tick": partial(integration.tick, keys[0]),
                "work_pass": partial(integration.work, keys[0]),
                "round": rounds.one,
            }
            for name, look in looked.items():
                costs[name].append(_cost(retailer, trips, look, looks))
    interval = ROUND_SECONDS * 1000.0
    return [
        *(_against_interval(f"orders/idle_{name}", costs[name], interval) for name in ("tick", "work_pass")),
        row(
            "orders/idle_round",
            costs["round"][0].milliseconds,
            IDLE_ROUND_ALLOWED,
            unit="ms own CPU",
            goal=Goal("at most", 1.0),
            note=f"3 marketplaces, 2 warehouses, 3 channels: {_spelled(costs['round'][0])}",
        ),
        *(_growth(f"orders/idle_{name}_growth", costs[name], sizes) for name in costs),
    ]


def _at_rest(ledger: Ledger, size: int) -> Retailer:
    """A retailer whose first reads are done, with `size` open orders that nothing is due for."""
    retailer = Retailer.of(Business.demo(1, 0, FaultPlan.none()), ledger)
    keys = list(retailer.sandbox.marketplaces)
    with ledger.begin() as connection:
        connection.execute(_REST, {"keys": keys, "at": retailer.clock.now(), "count": size})
    with ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
    rounds = Rounds(retailer.integration, retailer.clock)
    for _ in range(5):
        rounds.one()
        retailer.clock.advance(ROUND_SECONDS)
    return retailer


def _cost(retailer: Retailer, trips: RoundTrips, look: Callable[[], Any], looks: int) -> Cost:
    milliseconds = []
    calls = retailer.others.calls
    trips.reset()
    for _ in range(looks):
        retailer.clock.advance(ROUND_SECONDS)
        others, started = retailer.others.seconds, time.process_time()
        look()
        own = time.process_time() - started - (retailer.others.seconds - others)
        milliseconds.append(own * 1000)
    return Cost(median(milliseconds), (retailer.others.calls - calls) / looks, trips.total / looks)


def _against_interval(name: str, costs: Sequence[Cost], interval: float) -> Row:
    share = f"{costs[0].milliseconds / interval:.4%} of one core"
    note = f"against its interval, {share}: {_spelled(costs[0])}"
    return row(name, costs[0].milliseconds, interval, unit="ms own CPU", note=note)


def _growth(name: str, costs: Sequence[Cost], sizes: Sequence[int]) -> Row:
    figures = ", ".join(f"{cost.milliseconds:.2f} at {size}" for cost, size in zip(costs, sizes, strict=True))
    return row(
        name,
        costs[-1].milliseconds,
        costs[0].milliseconds,
        unit="ms own CPU",
        goal=Goal("at most", FLAT),
        note=f"largest against smallest ledger (open orders): {figures}",
    )


def _spelled(cost: Cost) -> str:
    return f"{cost.calls:g} calls, {cost.round_trips:g} round trips to PostgreSQL"
