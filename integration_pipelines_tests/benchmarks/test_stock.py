"""The benchmark of stock runs at a tiny size; its other side says what it was told. No speed is judged."""

import json
import math
from dataclasses import asdict

import pytest

from benchmarks.catalogue import BENCHMARKS
from benchmarks.rows import Row
from benchmarks.stage import Stage
from benchmarks.stock.bare import BareLoop
from benchmarks.stock.far_side import ROWS_PER_PAGE, SHOPS, FarSide, serving, sku
from integration_pipelines_tests.benchmarks.tiny import TINY

_MOVED_AT = "2026-03-02T12:00:00Z"


@pytest.fixture(scope="module")
def rows(stage: Stage) -> dict[str, Row]:
    return {each.name: each for each in BENCHMARKS["stock/pass"](stage, TINY, lambda _: None)}


def test_measures_and_names_its_rows(rows: dict[str, Row]) -> None:
    assert {"stock/pass", "stock/first_pass", "stock/idle_pass", "stock/memory"} <= rows.keys()
    for each in rows.values():
        assert each.name.startswith("stock/")
        assert math.isfinite(each.ratio)
        assert (each.met is None) == (each.goal == "")
        assert json.dumps(asdict(each))


def test_changes_cost_one_import_for_each_marketplace_and_no_change_costs_none(rows: dict[str, Row]) -> None:
    assert rows["stock/imports"].ours == len(SHOPS)
    assert rows["stock/idle_imports"].ours == 0


def test_the_bare_loop_tells_everything_once_and_then_what_moved() -> None:
    with serving(300) as address:
        bare = BareLoop(address)
        assert [bare.one_pass(), bare.one_pass()] == [300, 0]


class TestFarSide:
    def stock(self, far_side: FarSide, page: int, since: str = "") -> list[str]:
        query = f"pageNo={page}" + (f"&startActivityTime={since}" if since else "")
        told = json.loads(far_side.answer("GET", f"/depot/inventory/full?{query}", b""))
        return [row["itemNumber"] for row in told["itemInventory"]] if told else []

    def test_pages_hold_every_item_once_and_end(self) -> None:
        far_side = FarSide(ROWS_PER_PAGE + 1)
        pages = [self.stock(far_side, page) for page in (1, 2, 3)]
        assert [len(page) for page in pages] == [ROWS_PER_PAGE, 1, 0]
        assert len({item for page in pages for item in page}) == ROWS_PER_PAGE + 1

    def test_changes_are_one_in_a_hundred_and_only_told_to_who_asks_from_before(self) -> None:
        far_side = FarSide(300)
        assert self.stock(far_side, 1, since=_MOVED_AT) == []
        far_side.answer("POST", f"/control/change?at={_MOVED_AT}", b"")
        assert len(self.stock(far_side, 1, since=_MOVED_AT)) == 3
        assert self.stock(far_side, 1, since="2026-03-02T12:00:01Z") == []

    def test_an_export_of_changes_shows_the_figures_of_the_last_import(self) -> None:
        far_side, shop = FarSide(300), f"/{SHOPS[0]}/api/offers"
        file = f'"offer-sku";"quantity";"warehouse-code";"update-delete"\n"{sku(7)}";"12";"";"update"\n'
        body = b"--x\r\ncontent-type: text/csv\r\n\r\n" + file.encode() + b"\r\n--x--\r\n"
        far_side.answer("POST", f"{shop}/stock/imports", body)
        far_side.answer("POST", f"{shop}/export/async", b'{"last_request_date": "2026-03-02T12:00:00Z"}')
        (url,) = json.loads(far_side.answer("GET", f"{shop}/export/async/status/1", b""))["urls"]
        path = url.partition("/api/")[2]
        (offer,) = json.loads(far_side.answer("GET", f"/{SHOPS[0]}/api/{path}", b""))
        assert (offer["shop_sku"], offer["quantity"]) == (sku(7), 12)
