"""The smallest sizes that every benchmark can run at."""

from benchmarks.catalogue import Sizes

TINY = Sizes(
    intake_orders=120,
    intake_pairs=1,
    calls_orders=4,
    calls_hours=1,
    acceptance_poll_seconds=2,
    acceptance_polls=1,
    acceptance_waiting=3,
    idle_looks=2,
    idle_ledgers=(10, 20),
    day_orders=3,
    day_hours=0.2,
    goods_orders=3,
    goods_hours=1,
    stock_skus=300,
    stock_pairs=1,
    audit_skus=2_000,
    audit_pairs=1,
)
