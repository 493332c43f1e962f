"""The `stock` block of a channel: good for a shop that says nothing, one owner of the buffer (F18)."""

import re
from datetime import UTC, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest

from integration_pipelines.config import BufferOwner, Channel, ConfigurationError, OrderPolicy, parse_channels
from integration_pipelines.config.stock import NO_BUFFER, Buffer, Counting, KitRule, StockPolicy
from integration_pipelines_tests.config.test_load import GOOD, place_of

WHOLE = """\
    stock:
      buffer:
        units: 2
        percent: 7.5
        sales: false
        per_sku:
          01234: {units: 5}
          "MUG ": {units: 0}
      peak:
        buffer: {percent: 20}
        windows:
          - {from: 2026-11-27T00:00:00+01:00, until: 2026-12-01T00:00:00+01:00}
      kits: skip
      infinite_quantity: 50
      brakes: {zero_share_percent: 10, stale_minutes: 45, coverage_percent: 99.5}
      full_push: "04:15"
"""
CALENDARS = "    facilities: [{number: 0412, time_zone: Europe/London}]\nchannels:\n"
WINDOW = "    stock: {dispatch_within: {days: 2, counting: calendar}}\n"


def stock_of(text: str) -> StockPolicy:
    return parse_channels(text).channels["alpine"].stock


def faults_of(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse_channels(text)
    return [fault.shown("channels.yaml") for fault in caught.value.faults]


def test_a_channel_that_says_nothing_keeps_back_what_is_sold_while_figures_travel() -> None:
    stock = stock_of(GOOD)
    assert not stock.enabled, "a shop is switched on by a person"
    assert stock.buffer == Buffer(units=None, percent=None, sales=True)
    assert (stock.kits, stock.infinite_quantity, stock.full_push) == (KitRule.OFFER, 100, time(3, 30))
    assert stock.brakes.stale_after == timedelta(minutes=30)


def test_the_whole_block_can_be_said_in_the_file() -> None:
    stock = stock_of(GOOD + WHOLE)
    assert (stock.buffer.units, stock.buffer.percent) == (2, Decimal("7.5"))
    assert {sku: own.units for sku, own in stock.buffer.per_sku.items()} == {"01234": 5, "MUG ": 0}
    assert stock.kits is KitRule.SKIP
    assert stock.full_push == time(4, 15)
    assert stock.brakes.coverage_percent == Decimal("99.5")


def test_peak_mode_has_its_own_buffer_in_its_windows() -> None:
    stock = stock_of(GOOD + WHOLE)
    begins = datetime(2026, 11, 27, tzinfo=timezone(timedelta(hours=1)))
    assert stock.buffer_at(begins) == Buffer(percent=Decimal(20))
    assert stock.buffer_at(begins - timedelta(seconds=1)) == stock.buffer
    assert stock.buffer_at(datetime(2026, 11, 30, 23, tzinfo=UTC)) == stock.buffer


def test_a_veeqo_account_may_name_the_warehouses_that_count() -> None:
    channels = parse_channels(GOOD.replace("channels:\n", CALENDARS) + WINDOW)
    [facility] = channels.warehouses["veeqo_main"].facilities
    assert facility.number == "0412"
    window = channels.channels["alpine"].stock.dispatch_within
    assert window is not None
    assert (window.days, window.counting) == (2, Counting.CALENDAR)


@pytest.mark.parametrize("owner", ["warehouse", "marketplace"])
class TestOneOwnerOfTheBuffer:
    """F18: a buffer set on both sides hid the root problem."""

    def test_a_second_buffer_is_a_fault_at_its_place(self, owner: str) -> None:
        text = GOOD + f"    buffer_owner: {owner}\n" + WHOLE
        usual, peak = faults_of(text)
        assert usual == (
            f"channels.yaml:{place_of(text, 'buffer:')}: channels.alpine.stock.buffer: the {owner} keeps "
            "stock back for this channel (buffer_owner), and exactly one side does; remove this buffer or "
            "say buffer_owner: integration"
        )
        assert peak.startswith(
            f"channels.yaml:{place_of(text, 'buffer: {percent')}: channels.alpine.stock.peak.buffer: "
        )

    def test_nothing_is_kept_back_here_where_another_side_does(self, owner: str) -> None:
        stock = stock_of(GOOD + f"    buffer_owner: {owner}\n    stock: {{infinite_quantity: 7}}\n")
        assert (stock.buffer, stock.peak, stock.infinite_quantity) == (NO_BUFFER, None, 7)
        assert stock_of(GOOD + f"    buffer_owner: {owner}\n").buffer == NO_BUFFER

    def test_not_even_by_a_channel_made_in_code(self, owner: str) -> None:
        channel = Channel(
            marketplace="alpine",
            warehouse="veeqo_main",
            order_policy=OrderPolicy.RESERVE_THEN_ACCEPT,
            number_prefix="ALP",
            store="1",
            buffer_owner=BufferOwner(owner),
            stock=StockPolicy(buffer=Buffer(units=9)),
        )
        assert channel.stock.buffer == NO_BUFFER


@pytest.mark.parametrize(
    ("block", "said", "at"),
    [
        ("{buffer: {percent: 200}}", "buffer.percent: Input should be less than or equal to 100", "200"),
        ("{buffer: {units: -1}}", "buffer.units: Input should be greater than or equal to 0", "-1"),
        ("{buffer: {unit: 1}}", "buffer.unit: unknown key; did you mean units?", "unit: 1"),
        ("{buffer: {sales: maybe}}", "buffer.sales: must be true or false, not 'maybe'", "maybe"),
        ("{buffer: {per_sku: {007: 4}}}", "per_sku.007: must be a block of keys and values", "4}"),
        ("{kits: sell}", "kits: must be one of offer, skip, not 'sell'", "sell"),
        ("{full_push: dawn}", "full_push: must be a time of day such as 03:30, not 'dawn'", "dawn"),
        ("{brakes: {jump_factor: 1}}", "jump_factor: Input should be greater than or equal to 2", "1}"),
        ("{brakes: {zero_share_percent: .nan}}", "zero_share_percent: must be a number, not '.nan'", ".nan"),
        (
            "{peak: {buffer: {}, windows: []}}",
            "peak.windows: needs at least one entry; without a window peak mode never holds",
            "[]",
        ),
        (
            "{peak: {buffer: {}, windows: [{from: 2026-11-27T00:00:00, until: 2026-12-01T00:00:00Z}]}}",
            "windows.0.from: must say its time zone, as in",
            "2026-11-27",
        ),
        (
            "{peak: {buffer: {}, windows: [{from: 2026-12-01T00:00:00Z, until: 2026-12-01T01:00:00+01:00}]}}",
            "windows.0: `until` must be later than `from`",
            "{from",
        ),
        (
            "{peak: {buffer: {}, windows: [{until: 2026-12-01T00:00:00Z}]}}",
            "windows.0: `from` is missing",
            "{until",
        ),
        (
            "{peak: {buffer: {}, windows: [{fro: 1, until: 2026-11-28T00:00:00Z, from: 2026-11-27T00:00Z}]}}",
            "windows.0.fro: unknown key; did you mean from?",
            "fro:",
        ),
        (
            "{enabled: true}",
            "enabled: warehouses.veeqo_main names no `facilities`, so nobody knows which of its buildings",
            "enabled",
        ),
        (
            "{dispatch_within: {days: 1}}",
            "dispatch_within: warehouses.veeqo_main names no `facilities`, so nobody knows which can",
            "dispatch_within",
        ),
    ],
)
def test_one_fault_gives_one_line_with_its_place(block: str, said: str, at: str) -> None:
    text = GOOD + f"    stock: {block}\n"
    [fault] = faults_of(text)
    assert said in fault
    stock = text[text.index("stock: {") :]
    column = len("    ") + stock.index(at) + 1
    assert re.match(rf"channels\.yaml:24:{column}: channels\.alpine\.stock\.", fault), fault
