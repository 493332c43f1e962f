"""Stock imports of the sandbox: how files arrive, when they take effect, what is refused (STO01 to STO03)."""

import json
from urllib.parse import urlsplit

import httpx
import pytest

from integration_pipelines.sandbox import Enforcement
from integration_pipelines_tests.sandbox.stock_caller import HEADER, IMPORTS, StockCaller


def test_an_import_waits_runs_and_then_sets_absolute_figures() -> None:
    shop = StockCaller()
    sku = shop.skus[0]
    before = shop.offer(sku).quantity
    import_id = shop.received(shop.upload(f"{HEADER}\n{sku};{before + 5};;\n"))

    seen = []
    for _ in range(4):
        seen.append((shop.status(import_id)["status"], shop.told(sku)["quantity"] - before))
        shop.advance(3.9)

    assert seen == [("WAITING", 0), ("WAITING", 0), ("RUNNING", 0), ("COMPLETE", 5)]


def test_the_answer_names_the_import_and_where_its_status_is() -> None:
    shop = StockCaller()
    answer = shop.upload(f"{HEADER}\n{shop.skus[0]};1;;\n")
    import_id = json.loads(answer.body)["import_id"]
    assert urlsplit(answer.headers["location"]).path == f"/mirakl/alpha{IMPORTS}/{import_id}/status"
    told = shop.status(import_id)
    assert (told["import_id"], told["shop_id"], told["has_error_report"]) == (import_id, 7, False)
    assert "lines_in_error" not in told


@pytest.mark.parametrize(
    ("told", "counters"), [(True, {"lines_in_success": 1, "lines_in_error": 1}), (False, {})]
)
def test_counters_are_told_only_by_some_operators(told: bool, counters: dict[str, int]) -> None:
    shop = StockCaller({"import_counters": told})
    status = shop.status(shop.import_lines(f"{shop.skus[0]};1;;", "nobody;1;;"))
    assert {name: value for name, value in status.items() if name.startswith("lines_")} == counters
    assert status["has_error_report"]


def test_imports_are_carried_out_in_the_order_of_their_receipt() -> None:
    shop = StockCaller({"import_seconds": (1, 100)})
    sku, ids = shop.skus[0], []
    for quantity in range(1, 6):
        ids.append(shop.received(shop.upload(f"{HEADER}\n{sku};{quantity};;\n")))
        shop.advance(1)
    shop.advance(1000)
    imported = [event for event in shop.truth(sku)["history"] if event[1] == "import"]
    assert [(event[2], event[3]) for event in imported] == list(zip(range(1, 6), ids, strict=True))


def test_an_import_overwrites_what_was_ordered_meanwhile() -> None:
    shop = StockCaller()
    sku = shop.skus[0]
    shop.import_lines(f"{sku};10;;")
    shop.received(shop.upload(f"{HEADER}\n{sku};10;;\n"))
    shop.sandbox.place_order("alpha", [(sku, 3)])
    assert shop.told(sku)["quantity"] == 7
    shop.advance(11)
    assert shop.told(sku)["quantity"] == 10


@pytest.mark.parametrize("files", [
    {"file": ("stock.csv", b"offer-sku;quantity\nSKU;4\n", "text/csv")},
    {"file": b"offer-sku;quantity\nSKU;4"},
    {"file": ("s.csv", b'\xef\xbb\xbf"offer-sku";"quantity";"update-delete"\r\n"SKU";"4";""\r\n')},
    {"file": ("s.csv", b"quantity;offer-sku\n4;SKU"), "shop": b"7", "x": ("x.txt", b"more")},
])  # fmt: skip
def test_takes_files_as_clients_really_send_them(files: dict[str, object]) -> None:
    shop = StockCaller()
    sku = shop.skus[0]
    request = httpx.Request("POST", "http://sandbox.invalid", files=files)  # type: ignore[arg-type]
    body = request.read().replace(b"SKU", sku.encode())
    shop.received(shop.post(IMPORTS, body, request.headers["content-type"]))
    shop.advance(11)
    assert shop.told(sku)["quantity"] == 4


@pytest.mark.parametrize("body", [
    b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\noffer-sku;quantity\nSKU;4\n\r\n--b--',
    b"--b\ncontent-disposition: form-data; name=file; filename=x\n\noffer-sku;quantity\nSKU;4\n\n--b--\n",
    b'hi\r\n--b\r\nContent-Disposition: form-data; name="file"\r\n\r\noffer-sku;quantity\nSKU;4\r\n--b--\r\n',
])  # fmt: skip
def test_bears_plain_parts_and_bare_line_feeds(body: bytes) -> None:
    shop = StockCaller()
    shop.received(
        shop.post(IMPORTS, body.replace(b"SKU", shop.skus[0].encode()), 'multipart/form-data; boundary="b"')
    )
    shop.advance(11)
    assert shop.told(shop.skus[0])["quantity"] == 4


def test_other_bodies_are_refused() -> None:
    shop = StockCaller()
    assert shop.post(IMPORTS, b"{}", "application/json").status == 415
    assert shop.post(IMPORTS, b"offer-sku;quantity", "text/csv").status == 415
    assert shop.post(IMPORTS, b"x", "multipart/form-data").status == 400
    assert shop.upload(f"{HEADER}\nA;1;;", name="attachment").status == 400
    assert shop.upload(b"\n").status == 400
    assert shop.sandbox.truth()["marketplaces"]["alpha"]["stock_imports"] == {}


@pytest.mark.parametrize(
    "text", ["sku;stock\nA;1\n", "offer-sku,quantity\nA,1\n", f"{HEADER}\n", "A;1;;\nB;2;;\n"]
)
def test_a_file_without_header_or_lines_fails_as_a_whole(text: str) -> None:
    shop = StockCaller()
    import_id = shop.received(shop.upload(text))
    shop.advance(11)
    status = shop.status(import_id)
    assert (status["status"], status["has_error_report"]) == ("FAILED", False)
    assert shop.ask("GET", f"{IMPORTS}/{import_id}/error_report").status == 404


def test_a_fault_at_the_operator_fails_an_import_without_effect() -> None:
    shop = StockCaller()
    sku = shop.skus[0]
    before = shop.offer(sku).quantity
    shop.account.shop.imports.fail_next()
    assert shop.status(shop.import_lines(f"{sku};{before + 1};;"))["status"] == "FAILED"
    assert shop.told(sku)["quantity"] == before
    assert shop.status(shop.import_lines(f"{sku};{before + 1};;"))["status"] == "COMPLETE"
    assert shop.told(sku)["quantity"] == before + 1


_TOO_LARGE = "1000000001"


@pytest.mark.parametrize(("line", "words"), [
    ("nobody;1;;", "existing offer"),
    ("{case};1;;", "existing offer"),
    ("{sku} ;1;;", "existing offer"),
    ("{sku};;;", "quantity"),
    ("{sku};-1;;", "quantity"),
    ("{sku};1.5;;", "quantity"),
    ("{sku};ten;;", "quantity"),
    (f"{{sku}};{_TOO_LARGE};;", "quantity"),
    (";1;;", "offer-sku"),
    (f"{'X' * 256};1;;", "too long"),
    ("{sku};1;;remove", "update-delete"),
    ("{sku};;;delete", "warehouse-code"),
    (f"{{sku}};1;{'W' * 256};", "warehouse-code"),
    ("{sku};1", "columns"),
    ("{sku};1;;;;", "columns"),
])  # fmt: skip
def test_a_bad_line_is_refused_and_the_rest_stands(line: str, words: str) -> None:
    shop = StockCaller()
    bad, good = "MUG-BLU-10000", shop.skus[1]
    shop.sandbox.place_order("alpha", [(bad, 1)])
    before = shop.offer(bad).quantity
    sent = line.format(sku=bad, case=bad.lower())
    import_id = shop.import_lines(sent, f"{good};4;;")

    header, *rows = shop.report(import_id)
    assert header == ["error-line", "error-message", *HEADER.split(";")]
    ((number, reason, *cells),) = rows
    assert (number, cells) == ("2", sent.split(";"))
    assert words in reason
    assert (shop.offer(bad).quantity, shop.told(good)["quantity"]) == (before, 4)


def test_an_operators_older_template_takes_forty_characters() -> None:
    shop = StockCaller({"longest_sku": 40})
    ((_, reason, *_),) = shop.report(shop.import_lines(f"{'X' * 41};1;;"))[1:]
    assert "40" in reason


def test_lines_of_closed_or_deleted_offers_and_of_a_closed_shop_are_refused() -> None:
    shop = StockCaller()
    closed, deleted, other = shop.skus[:3]
    shop.book.close_product(closed, shop.clock.now())
    shop.book.delete(deleted, shop.clock.now())
    reasons = [row[1] for row in shop.report(shop.import_lines(*(f"{sku};1;;" for sku in shop.skus[:3])))[1:]]
    assert len(set(reasons)) == 2
    assert shop.offer(other).quantity == 1

    shop.book.shop_state = "CLOSE"
    (row,) = shop.report(shop.import_lines(f"{other};2;;"))[1:]
    assert "not open" in row[1]
    assert shop.get("/api/account")["shop_state"] == "CLOSE"
    assert "SHOP_NOT_OPEN" in shop.told(other)["inactivity_reasons"]


def test_warehouse_lines_add_up_and_can_be_deleted() -> None:
    shop = StockCaller()
    sku = shop.skus[0]
    shop.import_lines(f"{sku};3;UK;update", f"{sku};5;FR;")
    assert shop.told(sku)["quantity"] == 8
    assert shop.told(sku)["warehouses"] == [{"code": "UK", "quantity": 3}, {"code": "FR", "quantity": 5}]
    shop.import_lines(f"{sku};;FR;delete")
    assert shop.told(sku)["quantity"] == 3
    shop.import_lines(f"{sku};9;;")
    assert shop.told(sku)["quantity"] == 9
    assert "warehouses" not in shop.told(sku)


@pytest.mark.parametrize("lines", [
    ("{a};1;;", "{a};2;UK;"),
    ("{a};1;UK;", "{a};x;FR;"),
])  # fmt: skip
def test_one_bad_line_keeps_its_whole_offer_as_it_was(lines: tuple[str, ...]) -> None:
    shop = StockCaller()
    sku = shop.skus[0]
    before = shop.offer(sku).quantity
    import_id = shop.import_lines(*(line.format(a=sku) for line in lines))
    assert [row[0] for row in shop.report(import_id)[1:]] == ["2", "3"]
    assert (shop.offer(sku).quantity, shop.offer(sku).warehouses) == (before, {})


def test_lines_of_one_offer_must_be_adjacent() -> None:
    shop = StockCaller()
    first, second = shop.skus[:2]
    import_id = shop.import_lines(f"{first};1;UK;", f"{second};1;;", f"{first};2;FR;")
    assert [row[0] for row in shop.report(import_id)[1:]] == ["4"]
    assert shop.offer(first).warehouses == {"UK": 1}


def test_an_ignored_offer_is_reported_as_done_and_stays_as_it_was() -> None:
    shop = StockCaller()
    deaf, other = shop.skus[:2]
    before = shop.offer(deaf).quantity
    shop.book.ignore_imports(deaf)
    import_id = shop.import_lines(f"{deaf};{before + 7};;", f"{other};3;;")
    status = shop.status(import_id)
    assert (status["status"], status["lines_in_success"], status["has_error_report"]) == (
        "COMPLETE",
        2,
        False,
    )
    assert (shop.told(deaf)["quantity"], shop.told(other)["quantity"]) == (before, 3)
    shop.book.ignore_imports(deaf, ignored=False)
    shop.import_lines(f"{deaf};{before + 7};;")
    assert shop.told(deaf)["quantity"] == before + 7


def test_the_truth_tells_what_was_sent_and_what_came_of_it() -> None:
    shop = StockCaller()
    sku = shop.skus[0]
    import_id = shop.import_lines(f"{sku};4;;", "nobody;5;;")
    told = shop.sandbox.truth()["marketplaces"]["alpha"]["stock_imports"][import_id]
    assert (told["received_at"], told["applied_at"]) == (
        "2026-03-02T08:00:00+00:00",
        "2026-03-02T08:00:10+00:00",
    )
    (first, second) = told["lines"]
    assert first == [2, sku, "4", "", "applied"]
    assert second[:4] == [3, "nobody", "5", ""]
    assert "existing offer" in second[4]
    assert shop.truth(sku)["history"][-1] == ["2026-03-02T08:00:10+00:00", "import", 4, import_id]


def test_an_import_whose_answer_is_lost_takes_effect() -> None:
    shop = StockCaller()
    shop.sandbox.faults["alpha"].force("lost", "STO01")
    assert shop.upload(f"{HEADER}\n{shop.skus[0]};4;;\n").lost
    shop.advance(11)
    assert shop.told(shop.skus[0])["quantity"] == 4


def test_unknown_imports_are_not_found() -> None:
    shop = StockCaller()
    assert shop.ask("GET", f"{IMPORTS}/none/status").status == 404
    assert shop.ask("GET", f"{IMPORTS}/none/error_report").status == 404


@pytest.mark.parametrize(("operation", "seconds"), [("STO01", 60), ("STO02", 15), ("STO03", 60)])
def test_call_frequencies_of_imports(operation: str, seconds: int) -> None:
    shop = StockCaller(enforcement=Enforcement.STRICT)
    import_id = shop.import_lines("nobody;1;;")
    calls = {
        "STO01": lambda: shop.upload(f"{HEADER}\nA;1;;").status,
        "STO02": lambda: shop.ask("GET", f"{IMPORTS}/{import_id}/status").status,
        "STO03": lambda: shop.ask("GET", f"{IMPORTS}/{import_id}/error_report").status,
    }
    shop.advance(60)
    assert calls[operation]() in {200, 201}
    shop.advance(seconds - 5)
    assert calls[operation]() == 429
    shop.advance(5)
    assert calls[operation]() in {200, 201}
    assert [breach["operation"] for breach in shop.sandbox.truth()["quota_breaches"]] == [operation]
