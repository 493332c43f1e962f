"""Offers in the ledger: what is shown is dated, what was told is left alone, absence needs a whole export."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.offers import ShownOffer, mark_offers_gone, store_offers
from integration_pipelines.ledger.tables import offers
from integration_pipelines.ledger.watermarks import advance_watermark

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def shown(sku: str = "MUG", **changes: Any) -> ShownOffer:
    made = ShownOffer(sku, "41", 5, True, False, (), 2, Decimal("9.90"), "EUR", "Mug")
    return replace(made, **changes)


@pytest.fixture
def store(ledger: Ledger) -> Callable[..., None]:
    def stored(*read: ShownOffer, read_at: datetime = NOW, marketplace: str = "alpine") -> None:
        with ledger.begin() as connection:
            store_offers(connection, marketplace, read, read_at)

    return stored


@pytest.fixture
def row(ledger: Ledger) -> Callable[..., Any]:
    def read(sku: str = "MUG", marketplace: str = "alpine") -> Any:
        found = select(offers).where(offers.c.sku == sku, offers.c.marketplace == marketplace)
        with ledger.begin() as connection:
            return connection.execute(found).one()

    return read


def test_an_offer_is_kept_as_shown(store: Callable, row: Callable) -> None:
    store(shown(quantity=None, active=False, inactivity_reasons=("ZERO_QUANTITY", 'odd "one", {x}')))
    kept = row()
    assert (kept.offer_id, kept.quantity, kept.active, kept.title) == ("41", None, False, "Mug")
    assert kept.inactivity_reasons == ["ZERO_QUANTITY", 'odd "one", {x}']
    assert (kept.price, kept.currency, kept.leadtime_to_ship) == (Decimal("9.90"), "EUR", 2)
    assert (kept.read_at, kept.gone_at) == (NOW, None)


def test_a_new_read_leaves_what_was_told(store: Callable, row: Callable, ledger: Ledger) -> None:
    store(shown())
    with ledger.begin() as connection:
        connection.execute(update(offers).values(told=9, told_at=NOW, told_push=3))
    store(shown(quantity=4), read_at=LATER)
    assert (row().told, row().told_at, row().told_push, row().quantity) == (9, NOW, 3, 4)


def test_an_older_read_changes_nothing(store: Callable, row: Callable) -> None:
    store(shown(quantity=4), read_at=LATER)
    store(shown(quantity=5))
    assert (row().quantity, row().read_at) == (4, LATER)


def test_what_an_export_does_not_tell_stays(store: Callable, row: Callable) -> None:
    store(shown(active=False, inactivity_reasons=("ZERO_QUANTITY",)))
    exported = shown(active=False, price=None, currency=None, title="", offer_id=None, leadtime_to_ship=None)
    store(exported, read_at=LATER)
    kept = row()
    assert (kept.price, kept.currency, kept.title, kept.offer_id) == (Decimal("9.90"), "EUR", "Mug", "41")
    assert (kept.inactivity_reasons, kept.leadtime_to_ship) == (["ZERO_QUANTITY"], 2)
    store(replace(exported, active=True), read_at=LATER)
    assert row().inactivity_reasons == []


def test_an_offer_that_comes_twice_at_once_is_one(store: Callable, row: Callable) -> None:
    store(shown(), shown())
    assert row().quantity == 5


def test_only_a_complete_export_makes_an_offer_gone(store: Callable, row: Callable, ledger: Ledger) -> None:
    store(shown("MUG"), shown("LAMP"))
    store(shown("LAMP"), marketplace="borealis")
    store(shown("MUG"), read_at=LATER)
    assert row("LAMP").gone_at is None
    with ledger.begin() as connection:
        assert mark_offers_gone(connection, "alpine", LATER) == 1
    assert (row("LAMP").gone_at, row("LAMP").quantity, row("MUG").gone_at) == (LATER, None, None)
    assert row("LAMP", "borealis").gone_at is None

    store(shown("LAMP"), read_at=LATER + timedelta(hours=1))
    assert row("LAMP").gone_at is None


def test_an_offer_said_to_be_deleted_is_gone(store: Callable, row: Callable) -> None:
    store(shown(deleted=True))
    assert row().gone_at == NOW


class TestBarcodesAndAge:
    """What the audit of SKUs looks at; what an answer does not tell stays as it was last told."""

    def test_an_export_does_not_take_back_what_a_page_told(self, store: Callable, row: Callable) -> None:
        store(shown(barcodes=("4006381333931",)))
        store(shown(barcodes=None), read_at=LATER)
        assert (row().barcodes, row().barcode_key) == (["4006381333931"], "04006381333931")
        store(shown(barcodes=()), read_at=LATER)
        assert (row().barcodes, row().barcode_key) == ([], "")

    def test_another_number_under_the_same_sku_is_another_product(
        self, store: Callable, row: Callable
    ) -> None:
        store(shown(barcodes=("4006381333931",)))
        store(shown(offer_id=None), read_at=LATER)  # damage says nothing about it
        assert row().barcodes == ["4006381333931"]
        store(shown(offer_id="42"), read_at=LATER)
        assert (row().barcodes, row().barcode_key) == (None, "")

    def test_what_the_marketplace_says_of_its_age_counts(self, store: Callable, row: Callable) -> None:
        store(shown(created_at=NOW - timedelta(days=9)))
        store(shown(created_at=None), read_at=LATER)
        assert (row().created_at, row().appeared_at) == (NOW - timedelta(days=9), None)

    def test_without_it_what_comes_after_the_first_export_has_appeared(
        self, store: Callable, row: Callable, ledger: Ledger
    ) -> None:
        store(shown("FIRST"))
        with ledger.begin() as connection:
            advance_watermark(connection, "offers:alpine", NOW, NOW)
        store(shown("FIRST"), shown("LATER"), read_at=LATER)
        assert (row("FIRST").appeared_at, row("LATER").appeared_at) == (None, LATER)

    def test_what_comes_back_has_appeared_again(self, store: Callable, row: Callable, ledger: Ledger) -> None:
        store(shown(created_at=NOW))
        with ledger.begin() as connection:
            mark_offers_gone(connection, "alpine", LATER)
        store(shown(created_at=NOW), read_at=LATER + timedelta(days=1))
        assert row().appeared_at == LATER + timedelta(days=1)
