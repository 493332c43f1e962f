"""The command line as a person uses it, against a ledger that holds a small business."""

import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from integration_pipelines import cli
from integration_pipelines.cli import app
from integration_pipelines.clock import ManualClock
from integration_pipelines.ledger import Ledger
from integration_pipelines.local.demo import as_yaml, demo_channels
from integration_pipelines.sandbox import Sandbox
from integration_pipelines.sandbox.business import Business
from integration_pipelines.sandbox.catalogue import Product
from integration_pipelines.sandbox.serve import build_server
from integration_pipelines_tests.business import ADDRESS, Retailer
from integration_pipelines_tests.simulation.dispatch_world import (
    carry,
    open_floor,
    order,
    parcels,
    ship_now,
    unmap_carriers,
)

Ask = Callable[..., Result]


@pytest.fixture
def ask(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Calls the command line in an empty folder, on the test's database, on a wide screen."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli, "console", Console(width=250, no_color=True))
    runner = CliRunner(env={"DATABASE_URL": database_url})
    return lambda *arguments: runner.invoke(app, [str(a) for a in arguments])


@pytest.fixture
def retailer(ledger: Ledger) -> Retailer:
    return Retailer.open(ledger, settings={"stock": {}})


class TestOrder:
    def test_tells_an_orders_story_by_marketplace_id_warehouse_number_and_warehouse_id(
        self, retailer: Retailer, ask: Ask
    ) -> None:
        order_id = retailer.place((retailer.skus(1)[0], 2))
        retailer.pass_minutes(40)
        booking = retailer.live_bookings(order_id)[0]
        for reference in (order_id, f"{retailer.marketplace}/{order_id}", booking["number"], booking["id"]):
            told = ask("order", reference)
            assert told.exit_code == 0, told.output
            for part in ("reserve applied", "accept applied", "release applied", booking["number"]):
                assert part in told.output

    def test_an_unknown_reference_is_no_error_page(self, ask: Ask) -> None:
        told = ask("order", "NOBODY-1")
        assert told.exit_code == 1
        assert "No order is known as 'NOBODY-1'" in told.output

    def test_hostile_text_is_shown_as_it_is(self, retailer: Retailer, ask: Ask) -> None:
        order_id = retailer.place(("[bold]NO-SUCH\x1b[2J", 1))
        retailer.pass_minutes(2)
        told = ask("order", order_id)
        assert "[bold]NO-SUCH" in told.output
        assert "\x1b[2J" not in told.output


class TestExceptions:
    def test_lists_shows_and_resolves_a_held_order(self, retailer: Retailer, ask: Ask) -> None:
        order_id = retailer.place(("NO-SUCH-SKU", 1))
        retailer.pass_minutes(2)
        number = retailer.open_exceptions(order_id)[0].id

        listed = ask("exceptions", "list", "--owner", "ecommerce")
        assert "unknown_sku" in listed.output
        assert order_id in listed.output

        shown = ask("exceptions", "show", number)
        assert "What to do: Create the SKU in the warehouse" in shown.output
        assert '"order_state": "WAITING_ACCEPTANCE"' in shown.output

        resolved = ask("exceptions", "resolve", number, "--note", "sold out for good")
        assert resolved.exit_code == 0
        retailer.pass_minutes(10)
        assert retailer.open_exceptions(order_id) == []
        assert "sold out for good" in ask("exceptions", "show", number).output

    def test_retry_works_the_order_at_once(self, retailer: Retailer, ask: Ask) -> None:
        order_id = retailer.place(("COMING-SOON", 1))
        retailer.pass_minutes(30)
        retailer.sandbox.add_product(Product("COMING-SOON", "Late lamp", Decimal("9.90"), "4000000000001", 5))
        number = retailer.open_exceptions(order_id)[0].id
        assert ask("exceptions", "retry", number, "--note", "created it").exit_code == 0
        retailer.pass_minutes(1)
        assert retailer.open_exceptions(order_id) == []
        assert len(retailer.live_bookings(order_id)) == 1
        assert "created it" in ask("order", order_id).output

    def test_an_unknown_number_says_where_to_look(self, ask: Ask) -> None:
        told = ask("exceptions", "show", 99)
        assert told.exit_code == 1
        assert "`exceptions list`" in told.output


def describe(sandbox: Sandbox, folder: Path, address: str = ADDRESS, **stock: object) -> dict[str, Any]:
    """The sandbox's accounts as the channels file of the folder that the commands are called in."""
    document, keys = demo_channels(sandbox.accounts(), address)
    document["channels"]["alpine"]["stock"] |= stock
    (folder / "channels.yaml").write_text(as_yaml(document))
    (folder / ".env").write_text("".join(f"{name}={key}\n" for name, key in keys.items()))
    return document


class TestStock:
    PEAK: ClassVar = {
        "buffer": {"units": 4},
        "windows": [{"from": "2027-01-01T00:00Z", "until": "2027-01-02T00:00Z"}],
    }

    def test_show_answers_why_a_shop_shows_what_it_shows(
        self, retailer: Retailer, ask: Ask, tmp_path: Path
    ) -> None:
        describe(retailer.sandbox, tmp_path)
        (tmp_path / ".env").unlink()  # nobody is asked
        retailer.pass_minutes(4)
        sku = retailer.skus(1)[0]
        retailer.place((sku, 3))
        retailer.integration.tick("alpine", patience=60)
        told = ask("stock", "show", sku)
        assert told.exit_code == 0, told.output
        assert "alpine: Alpine Home shows 200 (read 03-02 05:02 UTC), should show 197." in told.output
        assert "less in flight  3" in told.output
        assert "4107: 200, 4110: 9 (does not count)" in told.output
        assert "last push       200, applied" in told.output
        assert told.output.count("less buffer") == len(retailer.channels.channels)

    def test_show_of_an_unlisted_or_hostile_sku_is_no_error_page(
        self, retailer: Retailer, ask: Ask, tmp_path: Path
    ) -> None:
        describe(retailer.sandbox, tmp_path)
        told = ask("stock", "show", "[bold]NO\x1b[2J")
        assert told.exit_code == 0
        assert "does not list" in told.output
        assert "\x1b[2J" not in told.output

    def test_peak_mode_is_switched_on_and_off(self, retailer: Retailer, ask: Ask, tmp_path: Path) -> None:
        describe(retailer.sandbox, tmp_path, peak=self.PEAK)
        on = ask("stock", "peak", "alpine", "on", "--until", "2099-01-01T00:00+00:00")
        assert "Peak mode of alpine holds until 2099-01-01 00:00 UTC" in on.output
        assert "Peak mode of alpine has ended." in ask("stock", "peak", "alpine", "off").output

    def test_peak_mode_without_a_block_or_an_end_is_refused_in_words(
        self, retailer: Retailer, ask: Ask, tmp_path: Path
    ) -> None:
        describe(retailer.sandbox, tmp_path)
        refused = ask("stock", "peak", "alpine", "on", "--until", "2099-01-01")
        assert (refused.exit_code, "no `stock.peak` block" in refused.output) == (1, True)
        describe(retailer.sandbox, tmp_path, peak=self.PEAK)
        assert "is no moment" in ask("stock", "peak", "alpine", "on").output

    def test_push_without_stock_to_tell_or_with_a_wrong_channel_says_so(
        self, retailer: Retailer, ask: Ask, tmp_path: Path
    ) -> None:
        describe(retailer.sandbox, tmp_path, enabled=False)
        told = ask("stock", "push", "alpine", "--all")
        assert told.exit_code == 0, told.output
        assert "Waits: stock is not pushed on this channel" in told.output
        wrong = ask("stock", "push", "nowhere")
        assert (wrong.exit_code, "There is no channel 'nowhere'" in wrong.output) == (1, True)

    def test_push_tells_the_figures_of_the_channel(
        self, served: tuple[Sandbox, str], ask: Ask, tmp_path: Path
    ) -> None:
        sandbox, address = served
        describe(sandbox, tmp_path, address)
        told = ask("stock", "push", "alpine")
        assert told.exit_code == 0, told.output
        assert "was never read to its end" in told.output  # nothing is told before the warehouse was read


@pytest.fixture
def served() -> Iterator[tuple[Sandbox, str]]:
    """A sandbox over HTTP in this process."""
    business = Business.demo(1, 0, "none")
    sandbox = Sandbox(business, ManualClock(business.start))
    server = build_server(sandbox)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield sandbox, f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=10)


class TestDoctor:
    def test_says_ok_to_a_right_configuration_and_what_to_fix_in_a_wrong_one(
        self, served: tuple[Sandbox, str], ask: Ask, tmp_path: Path
    ) -> None:
        sandbox, address = served
        document = describe(sandbox, tmp_path, address)
        healthy = ask("doctor")
        assert healthy.exit_code == 0, healthy.output
        assert "ok   marketplace alpine: the key opens shop 2001" in healthy.output

        document["channels"]["alpine"]["store"] = "999"
        (tmp_path / "channels.yaml").write_text(as_yaml(document))
        sick = ask("doctor")
        assert sick.exit_code == 1
        assert "FIX  channel alpine, store: store 999 does not exist → use one of:" in sick.output

    def test_a_missing_key_is_named_and_nothing_is_asked(
        self, served: tuple[Sandbox, str], ask: Ask, tmp_path: Path
    ) -> None:
        sandbox, address = served
        document, _ = demo_channels(sandbox.accounts(), address)
        (tmp_path / "channels.yaml").write_text(as_yaml(document))
        told = ask("doctor")
        assert told.exit_code == 1
        assert "SANDBOX_ALPINE_API_KEY is not set" in told.output
        assert sandbox.truth()["calls"] == {} or not any(sandbox.truth()["calls"].values())

    def test_compares_carriers_and_the_way_parcels_are_told_with_the_operators_own_words(
        self, served: tuple[Sandbox, str], ask: Ask, tmp_path: Path
    ) -> None:
        sandbox, address = served
        document = describe(sandbox, tmp_path, address)
        shop = document["marketplaces"]["alpine"]
        several = shop["shipping"]["multi_parcel"]
        shop["shipping"]["multi_parcel"] = not several
        shop["carriers"] = {"DPD": "DPDUK", "DPD Classic": "dpduk"}
        (tmp_path / "channels.yaml").write_text(as_yaml(document))
        told = ask("doctor")
        assert told.exit_code == 1
        assert "ok   marketplace alpine, carrier DPD: is told as DPDUK" in told.output
        assert (
            "FIX  marketplace alpine, carrier DPD Classic: dpduk is not on the operator's list → use one of: "
            "DPDUK (DPD (UK))"
        ) in told.output
        assert f"→ set shipping.multi_parcel: {str(several).lower()} in channels.yaml" in told.output
        assert "ok   marketplace alpine, tracking: mandatory for shipping types: " in told.output

        again = ask("doctor")  # the lists are the day's; nothing is asked twice
        assert "ok   marketplace alpine, carrier DPD: is told as DPDUK" in again.output
        assert sandbox.calls["alpine"]["SH21"] == 1


class TestMapCarrier:
    """`exceptions map-carrier`: one act mends all that wait."""

    NAME = "Royal Mail"

    @pytest.fixture
    def waiting(
        self, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> tuple[Retailer, list[str]]:
        """Three orders that left with a carrier that nobody has mapped."""
        shop = open_floor(ledger, multi_shipment=True)
        monkeypatch.setattr(cli, "SystemClock", lambda: shop.clock)
        describe(shop.sandbox, tmp_path)
        unmap_carriers(shop)
        order_ids = [order(shop, 1, order_id=f"ALP-{number}-A") for number in (77, 78, 79)]
        for order_id in order_ids:
            ship_now(shop, order_id)
            carry(shop, order_id, self.NAME)
        shop.pass_minutes(3)
        assert [each.code for each in shop.open_exceptions()] == ["unmapped_carrier"]
        return shop, order_ids

    def test_a_code_wakes_all_that_wait(self, waiting: tuple[Retailer, list[str]], ask: Ask) -> None:
        shop, order_ids = waiting
        told = ask("exceptions", "map-carrier", "alpine", self.NAME, "RoyalMail")
        assert told.exit_code == 0, told.output
        assert "'Royal Mail' is RoyalMail on alpine from now on" in told.output
        assert "tells the 3 orders that waited for it" in told.output
        shop.pass_minutes(2)
        for order_id in order_ids:
            [parcel] = parcels(shop, order_id)
            assert (parcel["status"], parcel["carrier_code"]) == ("SHIPPED", "RoyalMail")
        assert shop.open_exceptions() == []

    @pytest.mark.parametrize(
        ("channel", "code", "words"),
        [
            ("nowhere", "RoyalMail", "There is no channel 'nowhere'; there are alpine"),
            ("alpine", "royalmail", "alpine lists no carrier 'royalmail'; codes are compared exactly."),
            ("alpine", "royalmail", "The nearest are: RoyalMail (Royal Mail)"),
            ("alpine", "xyzzy", "It lists none like it."),
        ],
    )
    def test_a_slip_is_told_in_words_and_changes_nothing(
        self, waiting: tuple[Retailer, list[str]], ask: Ask, channel: str, code: str, words: str
    ) -> None:
        shop, order_ids = waiting
        told = ask("exceptions", "map-carrier", channel, self.NAME, code)
        assert told.exit_code == 1
        assert words in told.output
        shop.pass_minutes(2)
        assert [parcels(shop, order_id) for order_id in order_ids] == [[], [], []]
