"""Items of a warehouse in the ledger: dated, absence needs a whole read, what changed is known."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.catalogue import (
    Span,
    items_stream,
    mark_items_gone,
    read_items,
    store_items,
)
from integration_pipelines.ledger.catalogue_tables import catalogue_items
from integration_pipelines.ledger.watermarks import advance_watermark
from integration_pipelines.warehouse import CatalogueItem

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MUG = CatalogueItem("1", "MUG", "Mug", ("4006381333931",), True, NOW - 90 * DAY)


@pytest.fixture
def store(ledger: Ledger) -> Callable[..., None]:
    def stored(*items: CatalogueItem, at: datetime = NOW, complete: bool = True) -> None:
        with ledger.begin() as connection:
            store_items(connection, "main", items, at)
            if complete:
                mark_items_gone(connection, "main", at)
                advance_watermark(connection, items_stream("main"), at, at)

    return stored


@pytest.fixture
def row(ledger: Ledger) -> Callable[..., Any]:
    def read(item_id: str = "1") -> Any:
        with ledger.begin() as connection:
            return connection.execute(
                select(catalogue_items).where(catalogue_items.c.item_id == item_id)
            ).one()

    return read


def test_an_item_is_kept_as_told(store: Callable, row: Callable) -> None:
    store(replace(MUG, sku="M\0UG ", barcodes=("1", "2")))
    kept = row()
    assert (kept.sku, kept.title, kept.barcodes, kept.barcode_key) == (
        "M\ufffdUG ",
        "Mug",
        ["1", "2"],
        "1\n2",
    )
    assert (kept.as_of, kept.gone_at, kept.changed_at) == (NOW, None, None)


def test_an_older_read_changes_nothing(store: Callable, row: Callable) -> None:
    store(MUG)
    store(replace(MUG, sku="OLD"), at=NOW - DAY, complete=False)
    assert row().sku == "MUG"


def test_only_a_complete_read_proves_absence(store: Callable, row: Callable) -> None:
    store(MUG, replace(MUG, item_id="2"))
    store(MUG, at=NOW + DAY, complete=False)
    assert row("2").gone_at is None
    store(MUG, at=NOW + 2 * DAY)
    assert (row("1").gone_at, row("2").gone_at) == (None, NOW + 2 * DAY)
    store(MUG, replace(MUG, item_id="2"), at=NOW + 3 * DAY)
    assert (row("2").gone_at, row("2").changed_at) == (None, NOW + 3 * DAY)


def test_what_damage_may_hide_is_not_gone(ledger: Ledger, store: Callable, row: Callable) -> None:
    store(MUG, replace(MUG, item_id="2", sku="CUP"))
    with ledger.begin() as connection:
        assert mark_items_gone(connection, "main", NOW + DAY, {"CUP"}) == 1
    assert (row("1").gone_at, row("2").gone_at) == (NOW + DAY, None)


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ({}, False),
        ({"title": "Another"}, False),
        ({"barcodes": None}, False),
        ({"barcodes": ("04006381333931",)}, False),
        ({"barcodes": ("5901234123457",)}, True),
        ({"sku": "mug"}, True),
        ({"active": False}, True),
    ],
)
def test_a_change_of_what_is_compared_is_dated(
    store: Callable, row: Callable, change: dict[str, Any], changed: bool
) -> None:
    store(MUG)
    store(replace(MUG, **change), at=NOW + DAY)
    assert row().changed_at == (NOW + DAY if changed else None)


def test_what_the_warehouse_does_not_date_appears_with_the_second_read(
    store: Callable, row: Callable
) -> None:
    undated = replace(MUG, created_at=None)
    store(undated)
    store(undated, replace(undated, item_id="2"), replace(MUG, item_id="3"), at=NOW + DAY)
    assert [row(number).changed_at for number in "123"] == [None, NOW + DAY, None]


def test_moments_beyond_belief_keep_nothing_in_flight(ledger: Ledger, store: Callable) -> None:
    store(
        replace(MUG, sku="OLD"),
        replace(MUG, item_id="2", sku="NEW", created_at=NOW),
        replace(MUG, item_id="3", sku="ABSURD", created_at=datetime(9999, 1, 1, tzinfo=UTC)),
    )
    with ledger.begin() as connection:
        skus, _, live, stopped, moving = read_items(connection, "main", Span(NOW - DAY, NOW + DAY))
    assert dict(zip(skus, moving, strict=True)) == {"OLD": False, "NEW": True, "ABSURD": False}
    assert (set(live), set(stopped)) == ({True}, {False})
