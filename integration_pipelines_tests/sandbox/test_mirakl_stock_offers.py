"""Reading offers from the sandbox: pages, single offers, conditions, and asynchronous exports."""

import csv
import io
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from integration_pipelines.sandbox import Enforcement
from integration_pipelines.sandbox.wire import Answer
from integration_pipelines_tests.sandbox.stock_caller import StockCaller

EXPORTS = "/api/offers/export/async"
JSON = "application/json"


def ask_export(shop: StockCaller, **body: Any) -> Answer:
    return shop.ask("POST", EXPORTS, body)


def status_of(shop: StockCaller, answer: Answer) -> dict[str, Any]:
    assert answer.status == 200, answer.body
    return dict(shop.get(f"{EXPORTS}/status/{json.loads(answer.body)['tracking_id']}"))


def files_of(shop: StockCaller, **body: Any) -> list[Answer]:
    """Ask for an export, wait, and fetch its files with the key and nothing else."""
    answer = ask_export(shop, **body)
    shop.advance(6)
    addresses = map(urlsplit, status_of(shop, answer)["urls"])
    return [
        shop.sandbox.answer("GET", f"{address.path}?{address.query}", {"authorization": shop.key})
        for address in addresses
    ]


def exported(shop: StockCaller, **body: Any) -> dict[str, dict[str, Any]]:
    """Exported offers by SKU."""
    (file,) = files_of(shop, export_type=JSON, **body)
    return {row["shop_sku"]: row for row in json.loads(file.body)}


def test_pages_of_ten_unless_asked_and_a_hundred_at_most() -> None:
    shop = StockCaller()
    assert len(shop.get("/api/offers")["offers"]) == 10
    assert len(shop.get("/api/offers", limit=50)["offers"]) == 10
    first = shop.get("/api/offers", max=500)
    assert (len(first["offers"]), first["total_count"]) == (100, len(shop.skus))
    read = [
        offer["shop_sku"]
        for offset in range(0, 400, 100)
        for offer in shop.get("/api/offers", max=100, offset=offset)["offers"]
    ]
    assert sorted(read) == sorted(shop.skus)


def test_offers_are_sorted_by_total_price_unless_asked() -> None:
    shop = StockCaller()
    prices = [offer["total_price"] for offer in shop.get("/api/offers", max=100)["offers"]]
    assert prices == sorted(prices)
    titles = [
        offer["product_title"]
        for offer in shop.get("/api/offers", max=100, sort="productTitle", order="desc")["offers"]
    ]
    assert titles == sorted(titles, reverse=True)


def test_documented_filters_filter_and_others_are_ignored() -> None:
    shop = StockCaller()
    sku = shop.skus[0]

    def count(**query: str) -> int:
        return int(shop.get("/api/offers", **query)["total_count"])

    everything = len(shop.skus)
    assert shop.told(sku)["shop_sku"] == sku
    assert count(sku=sku.swapcase()) == 0
    assert count(product_id=shop.told(sku)["product_sku"]) == 1
    assert (count(offer_state_codes="11,10"), count(offer_state_codes="10")) == (everything, 0)
    assert count(favorite="true") == 0
    assert count(shop_sku=sku, updated_since="2030-01-01", quantity="0") == everything


def test_an_inactive_offer_says_why() -> None:
    shop = StockCaller({"inactive_share": 1})
    told = shop.told(shop.skus[0])
    assert (told["active"], len(told["inactivity_reasons"])) == (False, 1)
    shop = StockCaller()
    shop.import_lines(f"{shop.skus[0]};0;;")
    assert shop.told(shop.skus[0])["inactivity_reasons"] == ["ZERO_QUANTITY"]
    assert "inactivity_reasons" not in shop.told(shop.skus[1])


@pytest.mark.parametrize(("default", "told"), [(2, 1), (0, 0)])
def test_a_stored_leadtime_of_zero_is_told_as_one(default: int, told: int) -> None:
    shop = StockCaller({"default_leadtime": default})
    shop.offer(shop.skus[0]).leadtime_to_ship = 0
    assert shop.told(shop.skus[0])["leadtime_to_ship"] == told


def test_one_offer_by_number() -> None:
    shop = StockCaller()
    told = shop.told(shop.skus[3])
    assert shop.get(f"/api/offers/{told['offer_id']}") == told
    for number in ("999999999", "x", "%20"):
        assert shop.ask("GET", f"/api/offers/{number}").status == 404
    shop.book.delete(shop.skus[3], shop.clock.now())
    assert shop.ask("GET", f"/api/offers/{told['offer_id']}").status == 404


def test_conditions_of_offers() -> None:
    shop = StockCaller()
    codes = {state["code"] for state in shop.get("/api/offers/states")["offer_states"]}
    assert shop.told(shop.skus[0])["state_code"] in codes
    assert shop.get("/api/offers/states", active="false")["offer_states"] == []


def test_another_shop_of_the_same_user_has_no_offers() -> None:
    shop = StockCaller(default_shop_id=99)
    assert shop.get("/api/offers")["total_count"] == 0
    assert shop.get("/api/offers", shop_id=7)["total_count"] == len(shop.skus)


def test_an_export_is_pending_until_its_files_are_made() -> None:
    shop = StockCaller()
    answer = ask_export(shop, export_type=JSON)
    assert status_of(shop, answer) == {"status": "PENDING", "last_updated": "2026-03-02T08:00:00Z"}
    shop.advance(6)
    done = status_of(shop, answer)
    assert (done["status"], done["last_updated"], len(done["urls"])) == (
        "COMPLETED",
        "2026-03-02T08:00:05Z",
        1,
    )


def test_a_full_export_leaves_inactive_offers_out_unless_asked() -> None:
    shop = StockCaller({"orphans": 2})
    gone, empty = shop.skus[:2]
    shop.book.delete(gone, shop.clock.now())
    shop.import_lines(f"{empty};0;;")
    everything = {offer.sku for offer in shop.book.by_sku.values()}
    sold_out = {offer.sku for offer in shop.book.by_sku.values() if offer.quantity == 0}
    assert set(exported(shop)) == everything - sold_out - {gone}
    assert set(exported(shop, include_inactive_offers=True)) == everything - {gone}


def test_a_differential_export_has_what_changed_deleted_and_inactive_offers_included() -> None:
    shop = StockCaller()
    empty, deleted, ordered, same = shop.skus[:4]
    shop.advance(100)
    since = "2026-03-02T08:01:40Z"
    shop.import_lines(f"{empty};0;;", f"{same};{shop.offer(same).quantity};;")
    shop.book.delete(deleted, shop.clock.now())
    shop.sandbox.place_order("alpha", [(ordered, 1)])
    changed = exported(shop, last_request_date=since)
    assert set(changed) == {deleted, ordered, empty}
    assert (changed[deleted]["deleted"], changed[deleted]["active"]) == (True, False)
    assert changed[ordered]["quantity"] == shop.offer(ordered).quantity
    assert ask_export(shop, last_request_date=since, include_inactive_offers=True).status == 400


def test_the_default_is_csv_with_dashed_names() -> None:
    shop = StockCaller()
    sku = 'a;"b"'
    shop.sandbox.place_order("alpha", [(sku, 1)])
    (file,) = files_of(shop)
    assert file.headers["content-type"] == "text/csv"
    rows = {row["shop-sku"]: row for row in csv.DictReader(io.StringIO(file.body.decode()), delimiter=";")}
    assert set(rows) == {offer.sku for offer in shop.book.by_sku.values() if offer.quantity}
    assert (rows[sku]["quantity"], rows[sku]["active"], rows[sku]["deleted"]) == ("24", "true", "false")
    assert rows[sku]["offer-id"] == str(shop.told(sku)["offer_id"])


def test_fields_can_be_chosen_and_csv_columns_renamed() -> None:
    shop = StockCaller()
    (file,) = files_of(shop, include_fields=["shop-sku", "quantity"], rename_fields={"shop-sku": "sku"})
    assert file.body.decode().splitlines()[0] == "quantity;sku"
    told = exported(shop, include_fields=["shop_sku", "quantity"])
    assert set(told[shop.skus[0]]) == {"shop_sku", "quantity"}


def test_chunks_are_whole_documents() -> None:
    shop = StockCaller()
    files = files_of(shop, export_type=JSON, items_per_chunk=150, include_inactive_offers=True)
    assert [len(json.loads(file.body)) for file in files] == [150, 150, 100]
    assert len({row["shop_sku"] for file in files for row in json.loads(file.body)}) == 400


def test_an_empty_export_has_one_empty_file() -> None:
    shop = StockCaller()
    (file,) = files_of(shop, export_type=JSON, last_request_date="2027-01-01T00:00:00Z")
    assert json.loads(file.body) == []
    assert exported(shop, channel_codes=["ELSEWHERE"]) == {}


@pytest.mark.parametrize("body", [
    {"export_type": "application/xml"},
    {"items_per_chunk": 9_999},
    {"items_per_chunk": 1_000_001},
    {"megabytes_per_chunk": 9},
    {"last_request_date": "yesterday"},
    {"rename_fields": "x"},
    {"include_fields": "quantity"},
])  # fmt: skip
def test_wrong_export_requests_are_refused(body: dict[str, Any]) -> None:
    assert ask_export(StockCaller({"least_items_per_chunk": 10_000}), **body).status == 400


def test_the_same_request_gets_the_export_that_exists() -> None:
    shop = StockCaller()
    first, again = ask_export(shop, export_type=JSON), ask_export(shop, export_type=JSON)
    assert first.body == again.body != ask_export(shop).body
    shop.advance(61)
    assert ask_export(shop, export_type=JSON).body != first.body


def test_a_failed_export_says_why() -> None:
    shop = StockCaller()
    shop.account.shop.exports.fail_next("Out of disk")
    answer = ask_export(shop)
    shop.advance(6)
    told = status_of(shop, answer)
    assert (told["status"], told["error"]["detail"]) == ("FAILED", "Out of disk")
    assert "urls" not in told


def test_unknown_exports_and_files_are_not_found() -> None:
    shop = StockCaller()
    tracking_id = json.loads(ask_export(shop).body)["tracking_id"]
    for path in ("status/none", "file/none?file=x", f"file/{tracking_id}?file=x", f"file/{tracking_id}"):
        assert shop.ask("GET", f"{EXPORTS}/{path}").status == 404


def test_files_are_found_without_the_shop_and_not_without_the_key() -> None:
    shop = StockCaller(default_shop_id=99)
    answer = shop.ask("POST", f"{EXPORTS}?shop_id=7", {"export_type": JSON})
    shop.advance(6)
    address = urlsplit(status_of(shop, answer)["urls"][0])
    target = f"{address.path}?{address.query}"
    assert shop.sandbox.answer("GET", target).status == 401
    file = shop.sandbox.answer("GET", target, {"authorization": shop.key})
    assert len(json.loads(file.body)) > 300
    encoded = target.replace("%", "%25").replace("offers/0", "offers%2F0")
    assert shop.sandbox.answer("GET", encoded, {"authorization": shop.key}).body == file.body


def test_full_exports_once_a_day_differential_ones_once_a_minute() -> None:
    shop = StockCaller(enforcement=Enforcement.STRICT)
    assert ask_export(shop, export_type=JSON).status == 200
    assert ask_export(shop, export_type=JSON).status == 200  # the same: nothing is started
    assert ask_export(shop).status == 429
    dated = [ask_export(shop, last_request_date=f"2026-03-02T0{hour}:00:00Z").status for hour in (1, 2)]
    assert dated == [200, 429]
    shop.advance(60)
    assert ask_export(shop, last_request_date="2026-03-02T03:00:00Z").status == 200
    shop.advance(86_400)
    assert ask_export(shop).status == 200
    assert [breach["operation"] for breach in shop.sandbox.truth()["quota_breaches"]] == ["OF52:full", "OF52"]
