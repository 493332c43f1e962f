"""The stock client: what it sends, and what it makes of answers that are not what they seem."""

import csv
import io
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_pipelines.connectors.mirakl.door import ShopDoor
from integration_pipelines.connectors.mirakl.stock import StockClient
from integration_pipelines.connectors.mirakl.stock_file import (
    LARGEST_QUANTITY,
    StockRow,
    check,
    fault,
    stock_csv,
)
from integration_pipelines.connectors.quotas import MIRAKL
from integration_pipelines.remote import OutcomeUnknown, OutOfBudget, Refused, Unanswered
from integration_pipelines_tests.connectors.doors import Door, Reaction, answer, door

IMPORT_ID = "3f0c0000-0000-4000-8000-000000000001"
RECEIVED = answer(201, {"import_id": IMPORT_ID})
ROWS = [StockRow("A;1", 14), StockRow("GÄD", 3, "WH-UK"), StockRow("GÄD", None, "WH-FR")]
FILE = (
    '"offer-sku";"quantity";"warehouse-code";"update-delete"\n'
    '"A;1";"14";"";"update"\n"GÄD";"3";"WH-UK";"update"\n"GÄD";"";"WH-FR";"delete"\n'
)


def client(
    reactions: list[Reaction] | Callable[[httpx.Request], Reaction], *, planned: bool = False
) -> tuple[StockClient, Door]:
    other_side = door(reactions, contract=MIRAKL if planned else None)
    return StockClient(ShopDoor("alpine", 2001, other_side.transport)), other_side


def report(*lines: str) -> httpx.Response:
    return httpx.Response(200, content="\n".join(('"l";"m";"offer-sku"', *lines, "")).encode())


def test_a_stock_import_is_one_csv_file_in_the_part_that_mirakl_reads() -> None:
    shop, other_side = client([RECEIVED])

    assert shop.import_stock(ROWS) == IMPORT_ID

    (request,) = other_side.sent
    assert (request.method, request.url.path) == ("POST", "/api/offers/stock/imports")
    assert dict(request.url.params) == {"shop_id": "2001"}
    head = f"content-type: {request.headers['content-type']}\r\n\r\n".encode()
    (part,) = BytesParser(policy=HTTP).parsebytes(head + request.content).iter_parts()
    assert part.get_param("name", header="content-disposition") == "file"
    assert (part.get_filename(), part.get_content_type()) == ("stock.csv", "text/csv")
    assert part.get_payload(decode=True) == FILE.encode()


@pytest.mark.parametrize("lost", [httpx.ReadTimeout("late"), answer(502), answer(200), answer(201, {}),
                                  answer(201, {"import_id": None}), answer(201, [1])])  # fmt: skip
def test_an_import_without_a_usable_answer_is_in_doubt_and_not_repeated(lost: Reaction) -> None:
    shop, other_side = client([lost, RECEIVED])

    with pytest.raises(OutcomeUnknown):
        shop.import_stock(ROWS)
    assert len(other_side.sent) == 1


def test_an_import_is_sent_again_only_when_it_was_not_carried_out() -> None:
    shop, other_side = client([httpx.ConnectError("no"), answer(429, retry_after="3"), RECEIVED])

    assert shop.import_stock(ROWS) == IMPORT_ID
    assert other_side.sent[1].content == other_side.sent[2].content


def test_a_refused_import_says_why() -> None:
    shop, _ = client([answer(415, {"status": 415, "message": "Not a file."})])

    with pytest.raises(Refused, match="Not a file"):
        shop.import_stock(ROWS)


_UNSENDABLE: list[tuple[list[StockRow], str]] = [
    ([], "at least one"),
    ([StockRow("", 1)], "0 characters"),
    ([StockRow("X" * 256, 1)], "256 characters"),
    ([StockRow("A\nB", 1)], "line break"),
    ([StockRow("A", 1, "W\r")], "line break"),
    ([StockRow("A", 1, "W" * 256)], "warehouse code"),
    ([StockRow("A", -1)], "quantity -1"),
    ([StockRow("A", LARGEST_QUANTITY + 1)], "quantity 1000000001"),
    ([StockRow("A", None)], "cannot be removed"),
    ([StockRow("A", 1, "UK"), StockRow("B", 1), StockRow("A", 1, "FR")], "not adjacent"),
    ([StockRow("A", 1), StockRow("A", 1, "FR")], "per warehouse"),
    ([StockRow("A", 1, "FR"), StockRow("A", 1)], "per warehouse"),
    ([StockRow("A", 1), StockRow("A", 2)], "two rows"),
    ([StockRow("A", 1, "FR"), StockRow("A", 2, "FR")], "two rows"),
]


@pytest.mark.parametrize(("rows", "words"), _UNSENDABLE)
def test_rows_that_break_a_rule_are_not_sent(rows: list[StockRow], words: str) -> None:
    shop, other_side = client([RECEIVED])

    with pytest.raises(ValueError, match=words):
        shop.import_stock(rows)
    assert other_side.sent == []


def test_the_limits_themselves_can_be_sent() -> None:
    rows = [StockRow("X" * 255, 0), StockRow("x" * 255, LARGEST_QUANTITY, "W" * 255), StockRow(" 01", 1)]
    assert [fault(row) for row in rows] == [None] * 3
    check(rows)


def test_skus_beyond_older_templates_are_sent_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    shop, _ = client([RECEIVED, RECEIVED])

    with caplog.at_level(logging.WARNING):
        shop.import_stock([StockRow("X" * 40, 1)])
        assert caplog.records == []
        shop.import_stock([StockRow("X" * 41, 1)])
    (record,) = caplog.records
    assert "alpine: 1 rows" in record.getMessage()


_SKU = st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(st.dictionaries(_SKU, st.integers(0, LARGEST_QUANTITY), min_size=1, max_size=8))
def test_every_file_says_exactly_what_was_meant_line_by_line(figures: dict[str, int]) -> None:
    rows = [StockRow(sku, quantity) for sku, quantity in figures.items()]
    check(rows)
    lines = stock_csv(rows).decode().split("\n")
    assert (len(lines), lines[-1]) == (len(rows) + 2, "")
    read = [next(csv.reader(io.StringIO(line), delimiter=";")) for line in lines[1:-1]]
    assert read == [[sku, str(quantity), "", "update"] for sku, quantity in figures.items()]


def test_the_status_of_an_import() -> None:
    shop, other_side = client(
        [answer(200, {"import_id": IMPORT_ID, "status": "COMPLETE", "lines_in_error": 2})]
    )

    told = shop.stock_import(IMPORT_ID)

    assert (told.ended, told.lines_in_error, told.lines_in_success) == (True, 2, None)
    assert other_side.sent[0].url.path == f"/api/offers/stock/imports/{IMPORT_ID}/status"


def test_the_error_report_is_asked_for_as_csv() -> None:
    shop, other_side = client([report('"2";"No existing offer to update";"A"', '"4";"";"B"')])

    lines = shop.stock_errors(IMPORT_ID, expected=2)

    assert [(line.line, line.reason, line.sku) for line in lines] == [
        (2, "No existing offer to update", "A"),
        (4, "", "B"),
    ]
    assert other_side.sent[0].headers["accept"] == "text/csv"


def test_a_blank_report_has_no_lines() -> None:
    shop, _ = client([httpx.Response(200)])

    assert shop.stock_errors(IMPORT_ID) == []


def test_a_report_with_fewer_lines_than_the_import_counts_is_incomplete() -> None:
    shop, _ = client([report('"2";"no";"A"')])

    with pytest.raises(Unanswered, match="1 lines, the import says 2"):
        shop.stock_errors(IMPORT_ID, expected=2)


@pytest.mark.parametrize("cut", [b'"l";"m";"offer-sku"\n"2";"no', b"<html>gone</html>"])
def test_a_report_that_breaks_off_is_asked_for_again(cut: bytes) -> None:
    shop, other_side = client([httpx.Response(200, content=cut), report('"2";"no";"A"')])

    assert [line.sku for line in shop.stock_errors(IMPORT_ID)] == ["A"]
    assert len(other_side.sent) == 2


def test_reads_every_page_of_offers_damaged_rows_included() -> None:
    rows: list[Any] = [{"shop_sku": f"S-{number}"} for number in range(250)]
    rows[7] = None

    def react(request: httpx.Request) -> Reaction:
        offset, size = int(request.url.params["offset"]), int(request.url.params["max"])
        return answer(200, {"offers": rows[offset : offset + size], "total_count": len(rows)})

    shop, other_side = client(react)

    assert [row for page in shop.offers() for row in page.rows] == rows
    assert dict(other_side.sent[0].url.params) == {
        "sort": "productTitle", "order": "asc", "max": "100", "offset": "0", "shop_id": "2001",
    }  # fmt: skip


def test_an_ignored_filter_is_applied_again() -> None:
    rows = [{"shop_sku": "A"}, {"shop_sku": "a"}, {"shop_sku": "A "}]
    shop, other_side = client([answer(200, {"offers": rows, "total_count": 3})])

    assert [page.rows for page in shop.offers("A")] == [[{"shop_sku": "A"}]]
    assert other_side.sent[0].url.params["sku"] == "A"


def test_one_offer_by_number() -> None:
    shop, other_side = client([answer(200, {"offer_id": 5, "shop_sku": "A"})])

    assert shop.offer("5")["shop_sku"] == "A"
    assert other_side.sent[0].url.path == "/api/offers/5"


def exporting(*statuses: Any, chunks: int = 2, host: str = "https://elsewhere.example") -> Any:
    """OF52 to OF54 of one export, whose polls are answered in turn."""
    told = iter(statuses)

    def react(request: httpx.Request) -> Reaction:
        if request.method == "POST":
            return answer(200, {"tracking_id": "t-1"})
        if "/status/" in request.url.path:
            status = next(told)
            urls = [f"{host}/api/x/file/t-1?file=of52%offers/{n}.json" for n in range(chunks)]
            return answer(200, status if isinstance(status, dict) else {"status": status, "urls": urls})
        return answer(200, [{"shop_sku": str(request.url).rpartition("/")[2]}])

    return react


def test_an_export_is_started_polled_and_read_chunk_by_chunk() -> None:
    shop, other_side = client(exporting("PENDING", "PENDING", "COMPLETED"), planned=True)

    chunks = list(shop.offer_export(datetime(2026, 3, 2, 7, 0, tzinfo=UTC), {"quantity", "shop_sku"}))

    assert chunks == [[{"shop_sku": "0.json"}], [{"shop_sku": "1.json"}]]
    assert json.loads(other_side.sent[0].content) == {
        "export_type": "application/json",
        "include_fields": ["quantity", "shop_sku"],
        "last_request_date": "2026-03-02T07:00:00.000Z",
    }
    assert other_side.slept >= 20  # two pauses between three polls


def test_a_full_export_has_inactive_offers_too_and_happens_once_a_day() -> None:
    shop, other_side = client(exporting("COMPLETED", chunks=0), planned=True)

    assert list(shop.offer_export()) == []
    assert json.loads(other_side.sent[0].content) == {
        "export_type": "application/json",
        "include_inactive_offers": True,
    }
    with pytest.raises(OutOfBudget):
        shop.start_offer_export()
    assert shop.start_offer_export(datetime(2026, 3, 2, tzinfo=UTC)) == "t-1"


def test_files_are_fetched_from_our_own_account_with_the_key_and_nothing_else() -> None:
    shop, other_side = client(exporting("COMPLETED", chunks=1))

    list(shop.offer_export())

    fetched = other_side.sent[-1]
    assert (fetched.url.host, fetched.url.path) == ("shop.example", "/api/x/file/t-1")
    assert dict(fetched.url.params) == {"file": "of52%offers/0.json"}
    with pytest.raises(Unanswered, match="none of this interface"):
        shop.exported_offers("https://elsewhere.example/files/0.json")


@pytest.mark.parametrize("status", [{"status": "FAILED", "error": {"code": "1", "detail": "disk"}},
                                    {"status": "CANCELED"}, {"status": "AWAITING_MOONRISE"}])  # fmt: skip
def test_an_export_that_ends_otherwise_is_unanswered(status: dict[str, Any]) -> None:
    shop, _ = client(exporting("PENDING", status))

    with pytest.raises(Unanswered, match=status["status"]):
        list(shop.offer_export())


def test_an_export_that_never_ends_is_given_up() -> None:
    shop, _ = client(exporting(*["PENDING"] * 100))

    with pytest.raises(Unanswered, match="still pending"):
        list(shop.offer_export())


def test_the_start_of_an_export_is_repeated_after_a_lost_answer() -> None:
    shop, other_side = client([httpx.ReadTimeout("late"), answer(200, {"tracking_id": "t-1"})])

    assert shop.start_offer_export() == "t-1"
    assert len(other_side.sent) == 2


def test_imports_keep_to_their_call_frequency() -> None:
    shop, other_side = client(lambda _: RECEIVED, planned=True)

    shop.import_stock(ROWS)
    with pytest.raises(OutOfBudget):
        shop.import_stock(ROWS)
    shop.import_stock(ROWS, patience=60)
    assert other_side.slept == pytest.approx(60)


@pytest.mark.parametrize(("call", "seconds"), [
    (lambda shop: shop.stock_import(IMPORT_ID), 15),
    (lambda shop: shop.offer_export_status("t"), 10),
])  # fmt: skip
def test_polls_keep_to_their_call_frequency(call: Callable[[StockClient], Any], seconds: float) -> None:
    shop, other_side = client(lambda _: answer(200, {"import_id": "i", "status": "WAITING"}), planned=True)

    call(shop)
    call(shop)
    assert other_side.slept == pytest.approx(seconds)
