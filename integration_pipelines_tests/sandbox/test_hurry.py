"""A business in a hurry: the same shares and rules, in minutes instead of hours."""

from integration_pipelines.sandbox import Business
from integration_pipelines.sandbox.hurry import hurried


def test_ranges_of_seconds_are_divided_and_nothing_else_changes() -> None:
    usual = Business.demo(1, 100, "none")
    fast = hurried(usual, 20)
    before, after = usual.marketplaces[0].fulfilment, fast.marketplaces[0].fulfilment
    assert after.delivery_seconds == tuple(seconds / 20 for seconds in before.delivery_seconds)
    assert (after.return_share, after.closing_seconds) == (before.return_share, before.closing_seconds)
    tenant = fast.warehouses[1].tenant
    assert tenant is not None
    assert tenant.wave_every_minutes == 2
    assert tenant.facilities == usual.warehouses[1].tenant.facilities  # type: ignore[union-attr]
    assert hurried(fast, 1) == fast
