"""What a simulated business day costs, and whose cost it is: ours, the sandbox's or PostgreSQL's.

It says how long a simulation of many days will take, and what an order costs us from its first sight
to its release. Faults are the usual ones, as in `demo --headless`.
"""

from collections.abc import Callable
from datetime import timedelta

from benchmarks.meters import RoundTrips
from benchmarks.rows import Row, row
from benchmarks.stage import Retailer, Stage
from integration_pipelines.rounds import ROUND_SECONDS, Rounds
from integration_pipelines.sandbox.business import Business


def measure(stage: Stage, *, orders: int, hours: float, tell: Callable[[str], None]) -> list[Row]:
    """Rows for the whole day and for one order.

    Args:
        orders: how many customers order.
        hours: simulated, two thirds of them with customers.
    """
    idle = 0.0
    with stage.ledger() as ledger:
        business = Business.demo(1, orders, "usual", ordering_hours=hours * 2 / 3)
        retailer = Retailer.of(business, ledger)
        trips = RoundTrips(ledger.engine)
        rounds = Rounds(retailer.integration, retailer.clock)
        with stage.meter.running() as spent:
            for now in rounds.run(timedelta(hours=hours)):
                if now.minute == 0:
                    tell(f"a day of {orders} orders, {now:%H:%M}")
        trips_of_day = trips.total
        trips.reset()
        for _ in range(5):
            retailer.clock.advance(ROUND_SECONDS)
            rounds.one()
        idle = trips.total / 5
    ours = spent.own - retailer.others.seconds
    every = ours + retailer.others.seconds + spent.database
    shares = (
        f"ours {ours / every:.0%}, sandbox {retailer.others.seconds / every:.0%}, "
        f"PostgreSQL {spent.database / every:.0%} of {every:.1f} s CPU"
    )
    trips_of_orders = trips_of_day - idle * hours * 3600 / ROUND_SECONDS
    return [
        row(
            "orders/day",
            spent.wall,
            hours * 3600,
            unit="s",
            note=f"wall clock against simulated time, {orders} orders in {hours:g} h; {shares}",
        ),
        row(
            "orders/day_own_cpu",
            ours / orders * 1000,
            (retailer.others.seconds + spent.database) / orders * 1000,
            unit="ms CPU/order",
            note="our code against sandbox and PostgreSQL together, polling included",
        ),
        row(
            "orders/round_trips",
            trips_of_orders / orders,
            idle,
            unit="round trips",
            note="to PostgreSQL, per order (faults and re-reads included) against per idle round",
        ),
    ]
