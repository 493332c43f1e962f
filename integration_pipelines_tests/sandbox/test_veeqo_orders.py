"""Orders in the sandbox's Veeqo account: what creating, finding, changing and cancelling really do."""

from typing import Any

import pytest

from integration_pipelines.sandbox.catalogue import Product
from integration_pipelines_tests.sandbox.veeqo_caller import ADDRESS, LAMP, MUG, START, Caller


@pytest.fixture
def caller() -> Caller:
    return Caller(enforcement="off")


def test_an_unpaid_order_holds_stock_and_waits_for_payment(caller: Caller) -> None:
    order = caller.place("A-1", ("MUG-BLU", 3))
    assert (order["status"], order["can_be_shipped"], order["payment"]) == ("awaiting_payment", True, None)
    assert caller.stock("MUG-BLU") == {"physical": 10, "allocated": 3}


def test_the_presence_of_a_payment_clears_the_order_whatever_its_type(caller: Caller) -> None:
    order = caller.place("A-1", payment_attributes={"payment_type": "none", "reference_number": "C1-A"})
    assert order["status"] == "awaiting_fulfillment"
    assert order["payment"]["reference_number"] == "C1-A"


def test_short_stock_is_held_partly_and_the_rest_waits(caller: Caller) -> None:
    order = caller.place("A-1", ("LAMP/01", 7), paid=True)
    assert (order["status"], order["allocated_completely"]) == ("awaiting_stock", False)
    assert [part["line_items"][0]["quantity"] for part in order["allocations"]] == [5]
    caller.account.set_stock("LAMP/01", 9)
    again = caller.get(f"/orders/{order['id']}")
    assert again["status"] == "awaiting_fulfillment"
    assert caller.stock("LAMP/01") == {"physical": 9, "allocated": 7}


def test_stock_that_arrives_goes_to_the_oldest_order_first(caller: Caller) -> None:
    for number in ("A-1", "A-2", "A-3"):
        caller.place(number, ("LAMP/01", 5))
    caller.account.set_stock("LAMP/01", 10)
    held = [order["lines"][0]["allocated"] for order in caller.account.truth()["orders"]]
    assert held == [5, 5, 0]


def test_a_channel_ignores_stock_in_other_warehouses(caller: Caller) -> None:
    lamp = caller.sellable("LAMP/01")
    aside = next(house["id"] for house in caller.get("/warehouses") if house["name"] != "Main")
    caller.account.set_stock("LAMP/01", 0)
    entry = {"stock_entry": {"physical_stock_level": 50, "infinite": False}}
    caller.send("PUT", f"/sellables/{lamp}/warehouses/{aside}/stock_entry", entry, 200)
    order = caller.place("A-1", ("LAMP/01", 1), paid=True)
    assert (order["status"], order["allocations"]) == ("awaiting_stock", [])


def test_total_follows_the_amount_rule(caller: Caller) -> None:
    line = {
        "sellable_id": caller.sellable("MUG-BLU"),
        "quantity": 3,
        "price_per_unit": "19.90",
        "taxless_discount_per_unit": 1.15,
    }
    order = caller.place(
        "A-1",
        line_items_attributes=[line],
        additional_order_level_taxless_discount="2.00",
        total_tax=7.77,
        delivery_cost="4.90",
    )
    assert order["subtotal_price"] == 54.25
    assert order["total_price"] == 66.92
    assert (order["total_discounts"], order["delivery_cost"]) == (0, 4.9)


def test_the_same_number_twice_makes_two_orders(caller: Caller) -> None:
    first, second = caller.place("A-1"), caller.place("A-1")
    caller.clock.advance(10)
    assert {order["id"] for order in caller.get("/orders?query=A-1")} == {first["id"], second["id"]}


def test_an_order_without_number_gets_one_from_its_id(caller: Caller) -> None:
    order = caller.place("ignored", number=None)
    assert order["number"] == f"#P-{order['id']}"


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("channel_id", None, 400),
        ("channel_id", 1, 404),
        ("customer_attributes", None, 400),
        ("customer_attributes", {"phone": "1"}, 400),
        ("customer_id", 1, 404),
        ("deliver_to_attributes", None, 400),
        ("deliver_to_id", 1, 201),  # the attributes win
        ("delivery_method_id", 1, 404),
        ("delivery_method_id", None, 201),  # documented as required, yet a live client omits it
        ("line_items_attributes", [], 400),
        ("line_items_attributes", [{"sellable_id": 1, "quantity": 1, "price_per_unit": 1}], 404),
        ("line_items_attributes", [{"quantity": 1, "price_per_unit": 1}], 400),
        ("payment_attributes", {"reference_number": "x"}, 400),
        ("total_tax", "much", 400),
        ("number", "N" * 300, 400),
        ("surprise", {"anything": 1}, 201),
    ],
)
def test_required_fields_are_required_and_unknown_references_are_not_found(
    caller: Caller, field: str, value: Any, status: int
) -> None:
    caller.send("POST", "/orders", caller.order_body("A-1", **{field: value}), status)
    truth = caller.account.truth()
    assert (len(truth["orders"]), truth["customers"]) == ((1, 1) if status == 201 else (0, 0))


@pytest.mark.parametrize(
    "change", [{"quantity": 0}, {"quantity": "x"}, {"quantity": True}, {"price_per_unit": None}]
)
def test_a_line_without_quantity_or_price_is_refused(caller: Caller, change: dict[str, Any]) -> None:
    body = caller.order_body("A-1")
    body["order"]["line_items_attributes"][0] |= change
    caller.send("POST", "/orders", body, 400)
    assert caller.stock("MUG-BLU")["allocated"] == 0


def test_lines_come_back_in_another_order_without_sellable_id_or_options(caller: Caller) -> None:
    body = caller.order_body("A-1", ("MUG-BLU", 1), ("LAMP/01", 2))
    body["order"]["line_items_attributes"][0]["additional_options"] = "mirakl_line=1"
    lines = caller.send("POST", "/orders", body, 201)["line_items"]
    assert [line["sellable"]["sku_code"] for line in lines] == ["LAMP/01", "MUG-BLU"]
    assert all("sellable_id" not in line for line in lines)
    assert [line["additional_options"] for line in lines] == [None, None]


def test_two_lines_of_one_sellable_stay_two_lines_and_cannot_be_told_apart_in_the_allocation(
    caller: Caller,
) -> None:
    order = caller.place("A-1", ("MUG-BLU", 1), ("MUG-BLU", 2))
    assert [line["quantity"] for line in order["line_items"]] == [2, 1]
    held = order["allocations"][0]["line_items"]
    assert [(line["sellable"]["sku_code"], line["sellable_id"]) for line in held] == [("MUG-BLU", None)] * 2
    assert not {line["id"] for line in held} & {line["id"] for line in order["line_items"]}


def test_due_date_is_read_day_first(caller: Caller) -> None:
    assert caller.place("A-1", due_date="02/04/2026")["due_date"] == "2026-04-02T00:00:00.000Z"
    assert caller.place("A-2", due_date="2026-04-02")["due_date"] == "2026-04-02T00:00:00.000Z"
    assert caller.place("A-3", due_date="31/02/2026")["due_date"] is None


def test_hostile_text_travels_unchanged(caller: Caller) -> None:
    name = "O'Brien <b>\"; DROP TABLE--\u202e \U0001f381 \ud800"
    order = caller.place("A-1", deliver_to_attributes={**ADDRESS, "first_name": name})
    assert caller.get(f"/orders/{order['id']}")["deliver_to"]["first_name"] == name


def test_a_mail_to_the_buyer_is_remembered_against_the_client(caller: Caller) -> None:
    caller.place("A-1", send_notification_email=False)
    caller.place("A-2", send_notification_email=True)
    assert caller.account.truth()["buyer_mails"] == ["A-2"]


def test_list_is_newest_first_and_leaves_cancelled_orders_out(caller: Caller) -> None:
    ids = [caller.place(f"A-{index}")["id"] for index in range(3)]
    caller.send("PUT", f"/orders/{ids[1]}/cancel", {"cancel_reason": "test"}, 200)
    assert [order["id"] for order in caller.get("/orders")] == [ids[2], ids[0]]
    assert [order["id"] for order in caller.get("/orders?status=cancelled")] == [ids[1]]
    assert caller.get("/orders?status=shiped") == []


def test_filters_narrow_the_list(caller: Caller) -> None:
    early = caller.place("A-1")
    caller.clock.advance(86_400)
    late = caller.place("A-2", ("LAMP/01", 1), channel_id=caller.account.stores["borealis"])
    warehouse = late["allocations"][0]["warehouse"]["id"]

    def ids(query: str) -> list[int]:
        return [order["id"] for order in caller.get(f"/orders?{query}")]

    assert ids(f"since_id={early['id']}") == [late["id"]]
    assert ids("created_at_min=2026-03-11 00:00:00") == [late["id"]]
    assert ids("created[after]=2026-03-11") == [late["id"]]
    assert ids("created[before]=2026-03-10") == [early["id"]]
    assert ids(f"channel_ids[]={late['channel']['id']}") == [late["id"]]
    assert ids(f"channel_ids[]={late['channel']['id']}&channel_ids[]={caller.channel}") == [
        late["id"],
        early["id"],
    ]
    assert ids(f"allocated_at={warehouse}") == [late["id"], early["id"]]
    assert ids(f"channel_id={late['channel']['id']}") == [late["id"], early["id"]]  # not a filter


@pytest.mark.parametrize(
    ("since", "found"),
    [
        ("2026-03-10T09:00:00Z", 1),
        ("2026-03-10 09:00:00", 1),
        ("2026-03-10T10:00:00.000+01:00", 1),
        ("2026-03-10T10:00:00 01:00", 2),  # an unescaped plus sign: malformed, so ignored
        ("10/03/2026", 2),
        ("2026-13-40", 2),
        ("yesterday", 2),
    ],
)
def test_changed_orders_are_found_by_date_and_a_malformed_date_finds_everything(
    caller: Caller, since: str, found: int
) -> None:
    caller.place("A-1")
    caller.clock.advance(7_200)
    caller.place("A-2")
    assert len(caller.get(f"/orders?updated_at_min={since}")) == found


def test_every_change_moves_updated_at(caller: Caller) -> None:
    order = caller.place("A-1")
    for step, (method, path, body) in enumerate(
        [
            ("POST", f"/orders/{order['id']}/notes", {"note": {"text": "fragile"}}),
            ("PUT", f"/orders/{order['id']}", {"order": {"due_date": "01/04/2026"}}),
            ("PUT", f"/orders/{order['id']}/cancel", {"reason": "test"}),
        ],
        start=1,
    ):
        caller.clock.advance(60)
        assert caller.ask(method, path, body).status in (200, 201)
        assert caller.get(f"/orders/{order['id']}")["updated_at"] == f"2026-03-10T08:0{step}:00.000Z"


def test_search_is_fuzzy_and_blind_to_fresh_orders(caller: Caller) -> None:
    wanted = caller.place("LM-C1049-A")
    other = caller.place("LM-C1049-A2")
    assert caller.get("/orders?query=LM-C1049-A") == []
    assert len(caller.get("/orders")) == 2
    caller.clock.advance(3)
    found = {order["id"] for order in caller.get("/orders?query=lm-c1049-a")}
    assert found == {wanted["id"], other["id"]}
    assert [order["id"] for order in caller.get("/orders?query=c1049-A2@relay")] == [other["id"]]
    assert len(caller.get("/orders?query=mug-blu")) == 2


def test_releasing_completes_the_address_and_marks_it_paid(caller: Caller) -> None:
    order = caller.place("A-1", deliver_to_attributes={"first_name": "A-1"})
    assert order["deliver_to"]["location_found"] is False
    change = {
        "deliver_to_attributes": ADDRESS,
        "payment_attributes": {"payment_type": "bank_transfer", "reference_number": "C1-A"},
    }
    caller.clock.advance(60)
    released = caller.send("PUT", f"/orders/{order['id']}", {"order": change}, 200)
    assert (released["status"], released["deliver_to"]["city"]) == ("awaiting_fulfillment", "Nantes")
    (truth,) = caller.account.truth()["orders"]
    assert (truth["released_at"], truth["payment_reference"]) == ("2026-03-10T08:01:00.000Z", "C1-A")
    caller.clock.advance(60)
    caller.send("PUT", f"/orders/{order['id']}", {"order": change}, 200)
    assert caller.account.order_numbered("A-1") == truth


def test_a_payment_record_releases_too(caller: Caller) -> None:
    order = caller.place("A-1")
    payment = {"order_id": order["id"], "payment_type": "bank_transfer", "reference_number": "C1-A"}
    caller.send("POST", "/payments", {"amount": 19.9, "payment_attributes": payment}, 201)
    assert caller.get(f"/orders/{order['id']}")["status"] == "awaiting_fulfillment"


def test_lines_sent_in_a_change_replace_all_lines(caller: Caller) -> None:
    order = caller.place("A-1", ("MUG-BLU", 4), ("LAMP/01", 1))
    line = {"sellable_id": caller.sellable("MUG-BLU"), "quantity": 1, "price_per_unit": 5}
    changed = caller.send("PUT", f"/orders/{order['id']}", {"order": {"line_items_attributes": [line]}}, 200)
    assert [(row["sellable"]["sku_code"], row["quantity"]) for row in changed["line_items"]] == [
        ("MUG-BLU", 1)
    ]
    assert changed["total_price"] == 5
    assert (caller.stock("MUG-BLU")["allocated"], caller.stock("LAMP/01")["allocated"]) == (1, 0)


def test_replacing_lines_keeps_the_order_ahead_of_those_who_wait(caller: Caller) -> None:
    holder = caller.place("A-1", ("LAMP/01", 5))
    caller.place("A-2", ("LAMP/01", 5))
    line = {"sellable_id": caller.sellable("LAMP/01"), "quantity": 5, "price_per_unit": 5}
    caller.send("PUT", f"/orders/{holder['id']}", {"order": {"line_items_attributes": [line]}}, 200)
    assert [order["lines"][0]["allocated"] for order in caller.account.truth()["orders"]] == [5, 0]


def test_what_cannot_be_changed_is_dropped_in_silence(caller: Caller) -> None:
    order = caller.place("A-1")
    attempt = {"status": "shipped", "number": "B-9", "tag_list": ["x"], "delivery_cost": 99}
    changed = caller.send("PUT", f"/orders/{order['id']}", {"order": attempt}, 200)
    assert (changed["status"], changed["number"]) == ("awaiting_payment", "A-1")
    assert (changed["tags"], changed["total_price"]) == ([], order["total_price"])


@pytest.mark.parametrize("key", ["cancel_reason", "reason"])
def test_cancelling_takes_either_reason_and_gives_the_stock_to_those_who_wait(
    caller: Caller, key: str
) -> None:
    order = caller.place("A-1", ("LAMP/01", 5))
    waiting = caller.place("A-2", ("LAMP/01", 2), paid=True)
    assert waiting["status"] == "awaiting_stock"
    caller.send("PUT", f"/orders/{order['id']}/cancel", {key: "payment refused"}, 200)
    gone = caller.get(f"/orders/{order['id']}")
    assert (gone["status"], gone["cancel_reason"], gone["allocations"]) == (
        "cancelled",
        "payment refused",
        [],
    )
    assert caller.get(f"/orders/{waiting['id']}")["status"] == "awaiting_fulfillment"
    assert caller.stock("LAMP/01") == {"physical": 5, "allocated": 2}


def test_an_account_that_does_not_restock_keeps_the_units_of_a_cancelled_order() -> None:
    caller = Caller(cancel_restocks=False)
    order = caller.place("A-1", ("MUG-BLU", 2))
    caller.send("PUT", f"/orders/{order['id']}/cancel", {}, 200)
    assert caller.get(f"/orders/{order['id']}")["status"] == "cancelled"
    assert caller.stock("MUG-BLU")["allocated"] == 2


def test_cancelling_twice_and_releasing_a_cancelled_order_are_refused(caller: Caller) -> None:
    order = caller.place("A-1")
    caller.send("PUT", f"/orders/{order['id']}/cancel", {}, 200)
    caller.send("PUT", f"/orders/{order['id']}/cancel", {}, 400)
    payment = {"payment_attributes": {"payment_type": "none"}}
    caller.send("PUT", f"/orders/{order['id']}", {"order": payment}, 400)
    caller.send(
        "POST", "/payments", {"payment_attributes": {"order_id": order["id"], "payment_type": "none"}}, 400
    )


def test_notes_and_returns_of_an_order(caller: Caller) -> None:
    order = caller.place("A-1", employee_notes_attributes=[{"text": "ship by Friday"}])
    note = caller.send("POST", f"/orders/{order['id']}/notes", {"note": {"text": "fragile"}}, 201)
    assert (note["text"], note["order_id"]) == ("fragile", order["id"])
    notes = caller.get(f"/orders/{order['id']}")["employee_notes"]
    assert [row["text"] for row in notes] == ["ship by Friday", "fragile"]
    assert caller.get(f"/orders/{order['id']}/returns") == []


def test_tags_go_on_and_off_by_id_only(caller: Caller) -> None:
    order = caller.place("A-1")
    tag = caller.send("POST", "/tags", {"name": "mirakl", "colour": "#ff0000"}, 201)
    both = {"order_ids": [order["id"]], "tag_ids": [tag["id"]]}
    caller.send("POST", "/bulk_tagging", {**both, "tag_ids": ["mirakl"]}, 400)
    caller.send("POST", "/bulk_tagging", both, 204)
    assert [row["name"] for row in caller.get("/orders?tags=mirakl")[0]["tags"]] == ["mirakl"]
    assert caller.get(f"/tags/{tag['id']}")["taggings_count"] == 1
    caller.send("DELETE", "/bulk_tagging", both, 204)
    assert caller.get("/orders?tags=mirakl") == []


def test_a_cached_order_shows_the_stock_as_it_is_now(caller: Caller) -> None:
    order = caller.place("A-1", ("MUG-BLU", 1))
    caller.account.set_stock("MUG-BLU", 77)
    seen = caller.get(f"/orders/{order['id']}")
    assert seen["line_items"][0]["sellable"]["stock_level_at_all_warehouses"] == 77
    assert seen["updated_at"] == order["updated_at"]


@pytest.mark.parametrize(
    ("mode", "status", "records"), [("second_record", 201, 2), ("refuse", 400, 1), ("reuse", 201, 1)]
)
def test_a_known_e_mail_does_one_of_three_things(mode: str, status: int, records: int) -> None:
    caller = Caller(email_uniqueness=mode)
    first = caller.send("POST", "/customers", {"customer": {"email": "a@relay.example.com"}}, 201)
    second = caller.send("POST", "/customers", {"customer": {"email": "A@relay.example.com"}}, status)
    assert caller.account.truth()["customers"] == records
    assert (second.get("id") == first["id"]) == (mode == "reuse")
    body = caller.order_body("A-1", customer_attributes={"email": "a@relay.example.com"})
    caller.send("POST", "/orders", body, status)


def test_customer_rules(caller: Caller) -> None:
    caller.send("POST", "/customers", {"customer": {"email": " "}}, 400)
    caller.send("POST", "/customers", {"customer": {"email": "a@example.com", "notes": "x" * 256}}, 400)
    sent = {
        "email": "a@example.com",
        "first_name": "dropped",
        "billing_address_attributes": {"first_name": "Ines", "last_name": "M"},
    }
    made = caller.send("POST", "/customers", {"customer": sent}, 201)
    assert (made["full_name"], made["customer_type"]) == ("Ines M", "retail")
    caller.send("PUT", f"/customers/{made['id']}", {"customer": {"phone": "1"}}, 400)
    changed = {"customer": {"email": "b@example.com", "phone": "1"}}
    caller.send("PUT", f"/customers/{made['id']}", changed, 200)
    assert caller.get("/customers?query=B@EXAMPLE.com")[0]["id"] == made["id"]
    assert caller.get("/customers?query=a@example.com") == []
    assert caller.ask("GET", "/customers/1").status == 404


def test_product_search_is_fuzzy_and_skus_may_repeat() -> None:
    zeros = [Product(sku, f"Part {sku}", MUG.price, "", 1) for sku in ("1234", "01234", "AB 1234", "ab 1234")]
    caller = Caller(*zeros, enforcement="off")
    assert len(caller.get("/products?query=1234")) == 4
    assert len(caller.get("/products?query=AB 1234")) == 2
    caller.account.add_product(zeros[0])
    found = caller.get("/products?query=part 1234")
    assert sorted(item["sku_code"] for row in found for item in row["sellables"]).count("1234") == 2


def test_a_stock_write_moves_the_product_but_not_the_sellable(caller: Caller) -> None:
    caller.clock.advance(3_600)
    lamp = caller.sellable(LAMP.sku)
    warehouse = caller.get("/warehouses")[0]["id"]
    path = f"/sellables/{lamp}/warehouses/{warehouse}/stock_entry"
    caller.send("PUT", path, {"stock_entry": {"physical_stock_level": 3}}, 400)
    entry = caller.send("PUT", path, {"stock_entry": {"physical_stock_level": 3, "infinite": False}}, 200)
    assert (entry["physical_stock_level"], entry["available_stock_level"]) == (3, 3)
    (changed,) = caller.get("/products?updated_at_min=2026-03-10 09:00:00")
    assert changed["updated_at"] == "2026-03-10T09:00:00.000Z"
    assert changed["sellables"][0]["updated_at"] == "2026-03-10T08:00:00.000Z"


def test_a_recount_below_what_is_held_makes_availability_negative(caller: Caller) -> None:
    caller.place("A-1", ("MUG-BLU", 9))
    caller.account.set_stock("MUG-BLU", 4)
    mug = caller.sellable("MUG-BLU")
    entry = caller.get(f"/sellables/{mug}/warehouses/{caller.get('/warehouses')[0]['id']}/stock_entry")
    assert entry["available_stock_level"] == -5


def test_products_can_be_created_changed_and_deleted(caller: Caller) -> None:
    variant = {"title": "Rug", "price": "9.50", "sku_code": "RUG"}
    sent = {"product": {"title": "Rug", "product_variants_attributes": [variant]}}
    made = caller.send("POST", "/products", sent, 201)
    rug = made["sellables"][0]["id"]
    renamed = {"product": {"product_variants_attributes": [{"id": rug, "sku_code": "rug "}]}}
    caller.send("PUT", f"/products/{made['id']}", renamed, 200)
    assert caller.sellable("rug ") == rug
    caller.send("DELETE", f"/products/{made['id']}", None, 204)
    assert caller.get(f"/products/{made['id']}")["deleted_at"] == "2026-03-10T08:00:00.000Z"
    caller.send("POST", "/orders", caller.order_body("A-1", ("rug ", 1)), 404)


def test_times_have_milliseconds_and_a_z(caller: Caller) -> None:
    caller.clock.advance(0.2045)
    assert caller.place("A-1")["created_at"] == "2026-03-10T08:00:00.204Z"
    assert START.isoformat() == "2026-03-10T08:00:00+00:00"
