"""What people decide about stock: brakes released by resolving, peak mode, a push at once (M15, M30)."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from integration_pipelines.exceptions.acts import resolve
from integration_pipelines.ledger import Ledger
from integration_pipelines.stock.steer import SteeringError, peak_off, peak_on, tell_now
from integration_pipelines_tests.business import Retailer, quiet_business

PEAK = {
    "buffer": {"units": 1},
    "peak": {
        "buffer": {"units": 4},
        "windows": [{"from": "2027-01-01T00:00Z", "until": "2027-01-02T00:00Z"}],
    },
}


LEFT_ELSEWHERE = 100  # some SKUs keep a few units in a second building


def open_shop(ledger: Ledger, **stock: object) -> Retailer:
    """Everything is on sale and was told."""
    retailer = Retailer.open(ledger, quiet_business(marketplaces=1), {"stock": stock})
    retailer.pass_minutes(6)
    return retailer


def shown(retailer: Retailer, sku: str) -> int:
    """What the marketplace really shows."""
    offers = retailer.sandbox.truth()["marketplaces"][retailer.marketplace]["offers"]
    return int(offers[sku]["quantity"])


def switch(retailer: Retailer, until: str | None, channel: str = "alpine") -> str:
    """Ada switches peak mode on until then, or off."""
    now = retailer.clock.now()
    with retailer.ledger.begin() as connection:
        if until is None:
            return peak_off(connection, retailer.channels, channel, who="Ada", now=now)
        return peak_on(connection, retailer.channels, channel, until, who="Ada", now=now)


def resolve_the(code: str, retailer: Retailer) -> None:
    [problem] = [row for row in retailer.open_exceptions() if row.code == code]
    with retailer.ledger.begin() as connection:
        resolve(connection, problem.id, who="Ada", note="counted", now=retailer.clock.now())


class TestPeakMode:
    def test_its_buffer_reaches_every_offer_within_minutes_and_goes_again_by_itself(
        self, ledger: Ledger
    ) -> None:
        retailer = open_shop(ledger, **PEAK)
        usual = {sku: shown(retailer, sku) for sku in retailer.skus(10)}
        told = switch(retailer, "2026-03-02T06:00Z")
        assert "holds until 2026-03-02 06:00 UTC" in told
        retailer.pass_minutes(4)
        assert {sku: shown(retailer, sku) for sku in usual} == {
            sku: max(units - 3, 0) for sku, units in usual.items()
        }
        retailer.pass_minutes(60)
        assert {sku: shown(retailer, sku) for sku in usual} == usual

    def test_switched_off_it_ends_at_once(self, ledger: Ledger) -> None:
        retailer = open_shop(ledger, **PEAK)
        [sku] = retailer.skus(1)
        usual = shown(retailer, sku)
        switch(retailer, "2026-03-03T00:00Z")
        retailer.pass_minutes(4)
        assert shown(retailer, sku) == usual - 3
        assert switch(retailer, None) == "Peak mode of alpine has ended."
        retailer.pass_minutes(4)
        assert shown(retailer, sku) == usual
        assert switch(retailer, None).startswith("Nobody had switched")

    def test_a_window_of_the_channels_file_reaches_every_offer_when_it_begins(self, ledger: Ledger) -> None:
        windows = [{"from": "2026-03-02T05:10Z", "until": "2026-03-02T07:00Z"}]
        retailer = open_shop(ledger, buffer=PEAK["buffer"], peak={"buffer": {"units": 4}, "windows": windows})
        [sku] = retailer.skus(1)
        usual = shown(retailer, sku)
        retailer.pass_minutes(10)
        assert shown(retailer, sku) == usual - 3
        assert "A window of the channels file holds still" in switch(retailer, None)

    def test_a_moment_without_a_time_zone_is_the_marketplaces(self, ledger: Ledger) -> None:
        retailer = open_shop(ledger, **PEAK)
        zone = retailer.channels.marketplaces["alpine"].time_zone
        told = switch(retailer, "2026-03-02T12:00")
        assert zone != "UTC"
        assert "until 2026-03-02 12:00 UTC" not in told

    @pytest.mark.parametrize(
        ("stock", "channel", "until", "words"),
        [
            ({}, "alpine", "2026-03-03", "no `stock.peak` block"),
            (PEAK, "nowhere", "2026-03-03", "There is no channel 'nowhere'; there are alpine"),
            (PEAK, "alpine", "tomorrow", "'tomorrow' is no moment"),
            (PEAK, "alpine", "2020-01-01", "would be over already"),
        ],
    )
    def test_what_cannot_be_done_is_refused_in_words(
        self, ledger: Ledger, stock: dict[str, object], channel: str, until: str, words: str
    ) -> None:
        retailer = Retailer.open(ledger, quiet_business(marketplaces=1), {"stock": stock})
        with pytest.raises(SteeringError, match=words):
            switch(retailer, until, channel)


class TestReleasingABrake:
    def test_a_braked_push_goes_after_its_exception_is_resolved_and_the_exception_closes(
        self, ledger: Ledger
    ) -> None:
        retailer = open_shop(ledger, brakes={"zero_at_least": 3, "zero_share_percent": 1})
        skus = retailer.skus(12)
        for sku in skus:
            retailer.sandbox.veeqo.set_stock(sku, 0)
        retailer.pass_minutes(5)
        assert "stock_braked" in retailer.codes()
        assert min(shown(retailer, sku) for sku in skus) > LEFT_ELSEWHERE
        resolve_the("stock_braked", retailer)
        retailer.pass_minutes(5)
        assert max(shown(retailer, sku) for sku in skus) < LEFT_ELSEWHERE
        assert "stock_braked" not in retailer.codes()

    def test_the_release_ends_after_half_an_hour_and_holds_for_this_kind_of_brake_only(
        self, ledger: Ledger
    ) -> None:
        retailer = open_shop(ledger, brakes={"zero_at_least": 3, "zero_share_percent": 1})
        for sku in retailer.skus(12):
            retailer.sandbox.veeqo.set_stock(sku, 0)
        retailer.pass_minutes(5)
        resolve_the("stock_braked", retailer)
        with ledger.begin() as connection:
            [released] = connection.execute(text("select * from stock_brakes")).all()
        assert (released.marketplace, released.kind, released.released_by) == ("alpine", "mass_zero", "Ada")
        assert released.until == retailer.clock.now() + timedelta(minutes=30)
        retailer.pass_minutes(31)
        for product in retailer.sandbox.products[12:30]:
            retailer.sandbox.veeqo.set_stock(product.sku, 0)
        retailer.pass_minutes(5)
        assert "stock_braked" in retailer.codes()


class TestAPushByHand:
    def test_a_full_one_tells_everything_and_waits_for_what_became_of_it(self, ledger: Ledger) -> None:
        retailer = open_shop(ledger)
        report = tell_now(
            retailer.integration.stock_work["alpine"], everything=True, patience=timedelta(minutes=5)
        )
        assert report.full
        assert report.told > 20
        assert report.applied + report.refused >= report.told
        assert report.waiting is None

    def test_with_nothing_changed_it_tells_nothing(self, ledger: Ledger) -> None:
        retailer = open_shop(ledger)
        report = tell_now(retailer.integration.stock_work["alpine"], patience=timedelta(minutes=5))
        assert (report.told, report.waiting) == (0, None)
