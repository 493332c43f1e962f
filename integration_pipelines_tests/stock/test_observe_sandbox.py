"""Stock and offers read from the sandbox's accounts, which were written without knowing this code."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from integration_pipelines.config.deposco import StockRead
from integration_pipelines.exceptions import Code
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.stock import ReadKind
from integration_pipelines.ledger.tables import exceptions, offers, stock_levels, unreadable_records
from integration_pipelines.remote import RemoteError
from integration_pipelines.sandbox.deposco.settings import DeposcoSettings
from integration_pipelines.sandbox.deposco.settings import FacilitySettings as Building
from integration_pipelines.sandbox.faults import Outage
from integration_pipelines.stock.observe import OfferIntake, StockIntake
from integration_pipelines.stock.records import demand_on, read_skus
from integration_pipelines_tests.answers import changed_json
from integration_pipelines_tests.business import Retailer
from integration_pipelines_tests.connectors.deposco.tenant import SKUS, account
from integration_pipelines_tests.connectors.mirakl.test_stock_against_sandbox import Shop
from integration_pipelines_tests.connectors.test_against_sandbox import house
from integration_pipelines_tests.connectors.veeqo.test_stock_against_sandbox import made
from integration_pipelines_tests.warehouse_profiles import PLENTY


def levels(ledger: Ledger) -> dict[tuple[str, str], Any]:
    with ledger.begin() as connection:
        return {(row.sku, row.facility): row for row in connection.execute(select(stock_levels))}


def codes(ledger: Ledger) -> list[str]:
    with ledger.begin() as connection:
        return list(connection.scalars(select(exceptions.c.code).where(exceptions.c.state == "open")))


class TestVeeqo:
    def test_the_ledger_holds_what_the_account_holds(self, ledger: Ledger) -> None:
        veeqo = made()
        intake = StockIntake("main", veeqo.warehouse, ledger, veeqo.clock)
        assert intake.read().kind is ReadKind.FULL
        sold, untouched = veeqo.skus[:2]
        veeqo.clock.advance(600)
        veeqo.account.set_stock(sold, 3)
        report = intake.read()

        assert (report.kind, report.changed) == (ReadKind.DELTA, 1)
        main = {facility.name: facility.id for facility in veeqo.warehouse.facilities()}["Main"]
        truth = veeqo.account.truth()["stock"]
        assert {sku: row.on_hand for (sku, facility), row in levels(ledger).items() if facility == main} == {
            sku: units["physical"] for sku, units in truth.items()
        }
        assert levels(ledger)[untouched, main].changed_at < levels(ledger)[sold, main].changed_at

    def test_a_product_that_disappeared_is_unknown_after_the_next_full_read(self, ledger: Ledger) -> None:
        veeqo = made()
        intake = StockIntake("main", veeqo.warehouse, ledger, veeqo.clock)
        intake.read()
        product = next(row for page in veeqo.warehouse.client.product_pages() for row in page)
        sku = product["sellables"][0]["sku_code"]
        veeqo.write("DELETE", f"/products/{product['id']}")
        veeqo.clock.advance(60)
        intake.read()
        assert all(row.gone_at is None for row in levels(ledger).values())
        veeqo.clock.advance(3_600)
        assert intake.read().gone == 2
        assert {row.sku for row in levels(ledger).values() if row.gone_at} == {sku}

    def test_on_a_bad_day_the_ledger_holds_nothing_untrue(self, ledger: Ledger) -> None:
        bad = house(faults="heavy")
        begins = bad.clock.now() + timedelta(minutes=20, seconds=30)
        outage = Outage("veeqo_main", begins, begins + timedelta(minutes=5))
        bad.sandbox.faults["veeqo_main"].add_outage(outage)
        intake = StockIntake("veeqo_main", bad.warehouse, ledger, bad.clock)
        failed = []
        for turn in range(40):
            bad.clock.advance(60)
            bad.sandbox.veeqo.set_stock(bad.sandbox.products[turn].sku, 1_000 + turn)
            try:
                intake.read(full=turn % 8 == 0)
            except RemoteError:
                failed.append(turn)
                assert codes(ledger) == [Code.ACCOUNT_UNREACHABLE]
        assert 0 < len(failed) < 20
        assert 39 not in failed
        truth = bad.sandbox.truth()["warehouses"]["veeqo_main"]["stock"]
        (main,) = (one.id for one in bad.warehouse.facilities() if one.name == "Main")
        assert {sku: row.on_hand for (sku, at), row in levels(ledger).items() if at == main} == {
            sku: units["physical"] for sku, units in truth.items()
        }

    def test_two_processes_reading_at_once_do_no_harm(self, ledger: Ledger) -> None:
        veeqo = made()
        intakes = [StockIntake("main", veeqo.warehouse, ledger, veeqo.clock) for _ in range(2)]
        with ThreadPoolExecutor(max_workers=2) as pool:
            reports = [pool.submit(intake.read, True) for intake in intakes]
            assert [report.result().levels for report in reports] == [500, 500]
        truth = veeqo.account.truth()["stock"]
        found = levels(ledger)
        assert len(found) == 500
        assert {row.gone_at for row in found.values()} == {None}
        assert {sku for sku, _ in found} == set(truth)


@pytest.mark.parametrize("read", list(StockRead))
class TestDeposco:
    def test_the_ledger_holds_what_the_tenant_promises(self, read: StockRead, ledger: Ledger) -> None:
        buildings = (
            Building("DC1", "North"),
            Building("DC2", "South", measures=frozenset({"totalOnHandQty"})),
        )
        settings = DeposcoSettings("depot", facilities=buildings)
        tenant = account("v2", settings, v1={"stock_read": read})
        for sku in SKUS:
            tenant.tenant.set_stock(sku, "DC1", 50)
            tenant.tenant.set_stock(sku, "DC2", 8)
        intake = StockIntake("depot", tenant.warehouse, ledger, tenant.clock)
        intake.read()
        assert {place: row.available for place, row in levels(ledger).items()} == {
            (sku, number): available for sku in SKUS for number, available in (("DC1", 50), ("DC2", None))
        }

        tenant.clock.advance(600)
        tenant.tenant.set_stock("MUG", "DC1", 2)
        report = intake.read()
        has_delta = tenant.warehouse.stock_feed.has_delta
        assert report.kind is (ReadKind.DELTA if has_delta else ReadKind.FULL)
        assert report.changed == 1
        assert levels(ledger)["MUG", "DC1"].available == 2


class TestOffers:
    @pytest.fixture
    def shop(self) -> Shop:
        return Shop()

    @pytest.fixture
    def intake(self, shop: Shop, ledger: Ledger) -> OfferIntake:
        return OfferIntake("alpine", shop.client, ledger, shop.clock)

    def listed(self, ledger: Ledger) -> dict[str, Any]:
        with ledger.begin() as connection:
            found = connection.execute(select(offers).where(offers.c.gone_at.is_(None)))
            return {row.sku: row for row in found}

    def test_every_offer_is_read_once_a_day(self, shop: Shop, intake: OfferIntake, ledger: Ledger) -> None:
        report = intake.read_all()
        assert report is not None
        assert {sku: row.quantity for sku, row in self.listed(ledger).items()} == {
            sku: offer["quantity"] for sku, offer in shop.truth["offers"].items()
        }
        assert {sku: row.active for sku, row in self.listed(ledger).items()} == {
            sku: offer["active"] for sku, offer in shop.truth["offers"].items()
        }
        assert intake.read_all() is None
        shop.clock.advance(86_400)
        assert intake.read_all(patience=120) is not None
        assert shop.sandbox.truth()["quota_breaches"] == []

    def test_an_offer_that_was_deleted_is_gone(self, shop: Shop, intake: OfferIntake, ledger: Ledger) -> None:
        intake.read_all()
        (sku,) = shop.live_skus(1)
        shop.book.delete(sku, shop.clock.now())
        shop.clock.advance(86_400)
        report = intake.read_all(patience=120)
        assert report is not None
        assert sku not in self.listed(ledger)

    def test_single_offers_are_read_back(self, shop: Shop, intake: OfferIntake, ledger: Ledger) -> None:
        intake.read_all()
        moved, still = shop.live_skus(2)
        before = self.listed(ledger)[still]
        shop.sandbox.place_order("alpine", [(moved, 1)])
        shop.clock.advance(60)
        assert intake.read_skus([moved, moved, "nobody"]).offers == 1
        now = self.listed(ledger)
        assert now[moved].quantity == shop.quantity(moved)
        assert now[moved].read_at > before.read_at
        assert now[moved].price is not None
        assert now[still] == before

    def test_a_failed_export_is_shown_and_makes_nothing_gone(
        self, shop: Shop, intake: OfferIntake, ledger: Ledger
    ) -> None:
        intake.read_all()
        count = len(self.listed(ledger))
        shop.clock.advance(86_400)
        shop.wire.falsify("GET", "/export/async/status/", changed_json(lambda told: {"status": "FAILED"}))
        with pytest.raises(RemoteError):
            intake.read_all(patience=120)
        assert codes(ledger) == [Code.ACCOUNT_UNREACHABLE]
        assert len(self.listed(ledger)) == count
        shop.wire.be_honest()
        shop.clock.advance(86_400)
        intake.read_all(patience=120)
        assert codes(ledger) == []

    def test_a_damaged_offer_stays_listed_with_what_it_shows_unknown(
        self, shop: Shop, intake: OfferIntake, ledger: Ledger
    ) -> None:
        damaged, nameless = shop.live_skus(2)

        def damage(rows: list[dict[str, Any]]) -> list[Any]:
            for row in rows:
                if row["shop_sku"] == damaged:
                    row["quantity"] = "many"
                elif row["shop_sku"] == nameless:
                    row["shop_sku"] = None
            return [*rows, "no offer at all"]

        shop.wire.falsify("GET", "/export/async/file/", changed_json(damage))
        report = intake.read_all()
        assert report is not None
        assert report.unreadable == 3
        assert codes(ledger) == [Code.UNREADABLE_STOCK]
        assert (self.listed(ledger)[damaged].quantity, self.listed(ledger)[damaged].active) == (None, None)
        assert nameless not in self.listed(ledger)
        with ledger.begin() as connection:
            assert connection.scalar(select(func.count()).select_from(unreadable_records)) == 3

        shop.wire.be_honest()
        shop.clock.advance(86_400)
        intake.read_all(patience=120)
        assert codes(ledger) == []
        assert self.listed(ledger)[damaged].quantity == shop.quantity(damaged)

    def test_reading_a_damaged_offer_back_heals_it(
        self, shop: Shop, intake: OfferIntake, ledger: Ledger
    ) -> None:
        (sku,) = shop.live_skus(1)
        shop.wire.falsify(
            "GET",
            "/api/offers?",
            changed_json(lambda told: told | {"offers": [{"shop_sku": sku, "quantity": {}}]}),
        )
        intake.read_skus([sku])
        assert codes(ledger) == [Code.UNREADABLE_STOCK]
        shop.wire.be_honest()
        intake.read_skus([sku])
        assert codes(ledger) == []


class TestWithOrders:
    """The orders flow and stock reads on one ledger: available − in flight is what is really free."""

    @contextmanager
    def opened(
        self, ledger: Ledger
    ) -> Iterator[tuple[Retailer, StockIntake, Callable[[str], tuple[int, int]]]]:
        retailer = Retailer.open(ledger, settings={"stock": {}})
        key = retailer.warehouse
        port = retailer.integration.warehouses[key]
        intake = StockIntake(key, port, ledger, retailer.clock)
        served = demand_on(key, retailer.channels.channels_of_warehouse(key), port.stock_feed)
        (main,) = (facility.id for facility in port.facilities() if facility.name == "Main")

        def figure(sku: str) -> tuple[int, int]:
            """Available and in flight."""
            with ledger.begin() as connection:
                row = offers.insert().values(
                    marketplace=retailer.marketplace, sku=sku, read_at=retailer.clock.now()
                )
                connection.execute(offers.delete())
                connection.execute(row)
                ((facts, _),) = read_skus(
                    connection,
                    retailer.marketplace,
                    served,
                    exposure=timedelta(minutes=8),
                    now=retailer.clock.now(),
                )
            (available,) = (level.available for level in facts.levels if level.facility == main)
            assert available is not None
            return available, facts.in_flight

        yield retailer, intake, figure

    def test_a_sale_is_subtracted_from_the_order_read_until_the_stock_read_knows_it(
        self, ledger: Ledger
    ) -> None:
        with self.opened(ledger) as (retailer, intake, figure):
            (sku,) = retailer.skus(1)
            intake.read()
            assert figure(sku) == (PLENTY, 0)
            other = list(retailer.sandbox.marketplaces)[1]
            retailer.clock.advance(60)
            order_id = retailer.place((sku, 3))
            retailer.place((sku, 2), marketplace=other)
            retailer.integration.tick(retailer.marketplace, patience=60)
            assert figure(sku) == (PLENTY, 3)  # it waits for acceptance, no warehouse order yet
            retailer.integration.tick(other, patience=60)
            assert figure(sku) == (PLENTY, 5)

            retailer.pass_minutes(2)  # reserved, and the stock was read after that
            assert retailer.live_bookings(order_id)
            assert figure(sku) == (PLENTY - 5, 0)

            retailer.pass_minutes(120, every=10)  # paid, released, perhaps shipped: the figure knows it all
            assert figure(sku) == (PLENTY - 5, 0)
            intake.read(full=True)
            assert figure(sku) == (PLENTY - 5, 0)

    def test_units_that_wait_for_goods_stay_in_flight(self, ledger: Ledger) -> None:
        with self.opened(ledger) as (retailer, intake, figure):
            (sku,) = retailer.skus(1)
            retailer.sandbox.veeqo.set_stock(sku, 1)
            retailer.place((sku, 3))
            retailer.pass_minutes(3)
            intake.read()
            available, in_flight = figure(sku)
            assert available - in_flight == -2
