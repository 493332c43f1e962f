"""Deposco's shipments as neutral parcels: both generations, every trap of §12, nothing guessed."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_pipelines.config.deposco import Capabilities, Generation, ShipmentRead
from integration_pipelines.remote import Unanswered
from integration_pipelines.warehouse import Dispatches, Parcel, ParcelLine, ParcelState
from integration_pipelines_tests.connectors.deposco.doors import V1_ONLY, order, page, scripted, xml
from integration_pipelines_tests.connectors.deposco.test_payloads import JSON
from integration_pipelines_tests.connectors.doors import START, Door, Reaction, answer

SINCE = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
LEFT_AT = datetime(2026, 3, 3, 14, 42, tzinfo=UTC)
ORDER = {"id": 88001, "businessKey": {"number": "AL-7", "businessUnit.code": "ACME"}}
OTHER = {"id": 88002, "businessKey": {"number": "AL-8", "businessUnit.code": "ACME"}}


def line(number: int = 1, sku: str = "MUG", units: Any = 2.0, **changes: Any) -> dict[str, Any]:
    """As in the contract's example (Deposco §12.1): the order line by its id alone."""
    return {
        "self": {"id": 900 + number},
        "number": f"SHP-1-{number}",
        "orderLine": {"id": 77000 + number},
        "orderLineDetails": {"customerLineNumber": f"AL-7-L{number}"},
        "item": {"businessKey": {"number": sku}},
        "orderPackQuantity": 2.0,
        "shippedPackQuantity": units,
        **changes,
    }


def lines(*rows: Any, complete: bool | None = True) -> dict[str, Any]:
    return {"data": list(rows), "complete": complete, "links": []}


def box(lpn: str, tracking: str | None, *inside: tuple[str, float], **changes: Any) -> dict[str, Any]:
    told = [{"item": {"businessKey": {"number": sku}}, "shippedPackQuantity": units} for sku, units in inside]
    return {
        "lpnNumber": lpn, "status": "Shipped", "trackingNumber": tracking,
        "shippedContainerLines": told, **changes,
    }  # fmt: skip


def shipment(*rows: Any, **changes: Any) -> dict[str, Any]:
    return {
        "self": {"id": 451}, "number": "SHP-1", "status": "Shipped", "shipVendor": "DPD",
        "shipVia": "DPD Classic", "trackingNumber": "0998", "trackingUrl": "https://track.example.com/?n=",
        "shipmentDates": {"actualShipDate": "2026-03-03T15:42:00+01:00"},
        "orderHeaders": {"data": [ORDER]}, "shipmentLines": lines(*(rows or (line(),))),
        "shippedContainers": {"data": [box("LPN9", "0998")]},
        "updatedDate": "2026-03-03T15:42:00+01:00", **changes,
    }  # fmt: skip


def read(*answers: Reaction, generation: Generation = Generation.V2, **options: Any) -> list[Dispatches]:
    warehouse, _ = scripted(list(answers), generation, **options)
    return list(warehouse.dispatches(["ACME"], SINCE))


def parcels(*answers: Reaction, **options: Any) -> list[Parcel]:
    pages = read(*answers, **options)
    assert not [fault for one in pages for fault in one.unreadable]
    return [parcel for one in pages for parcel in one.parcels]


def facts(found: list[Parcel]) -> list[tuple[str, str | None, tuple[ParcelLine, ...]]]:
    return [(one.id, one.tracking_number, one.lines) for one in found]


def test_a_shipment_is_read_as_the_contract_shows_it() -> None:
    (parcel,) = parcels(page(shipment()))

    assert parcel == Parcel(
        id="SHP-1",
        order_number="AL-7",
        order_id="88001",
        store="ACME",
        state=ParcelState.SHIPPED,
        raw_status="Shipped",
        carrier="DPD",
        service="DPD Classic",
        tracking_number="0998",
        tracking_url="https://track.example.com/?n=0998",
        shipped_at=LEFT_AT,
        lines=(ParcelLine("AL-7-L1", "MUG", 2),),
        raw=parcel.raw,
    )
    assert parcel.raw["shipVendor"] == "DPD"


def test_the_change_feed_asks_for_unit_and_time_and_checks_both_again() -> None:
    stale = shipment(number="OLD", updatedDate="2026-03-01T00:00:00Z")
    foreign = shipment(number="X", orderHeaders={"data": [{"id": 1, "businessKey": {
        "number": "AL-7", "businessUnit.code": "OTHER"}}]})  # fmt: skip
    warehouse, other_side = scripted([page(stale, foreign, shipment())])

    found = [one.id for told in warehouse.dispatches(["ACME"], SINCE) for one in told.parcels]

    assert found == ["SHP-1"]
    assert other_side.sent[0].url.path == "/shipments/outboundShipments"
    assert dict(other_side.sent[0].url.params) == {
        "businessUnit": "ACME",
        "updatedAfter": "2026-03-02T07:00:00Z",
        "pageSize": "50",
    }


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("Shipped", ParcelState.SHIPPED),
        ("Rolled Back", ParcelState.WITHDRAWN),
        ("ROLLED_BACK", ParcelState.WITHDRAWN),
        ("New", ParcelState.PREPARED),
        ("Shipping", ParcelState.PREPARED),
        ("Teleported", ParcelState.UNKNOWN),
        ("", ParcelState.UNKNOWN),
    ],
)
def test_every_state_is_told_apart_and_none_is_left_out(status: str, state: ParcelState) -> None:
    (parcel,) = parcels(page(shipment(status=status)))

    assert (parcel.state, parcel.raw_status) == (state, status)
    assert parcel.lines == (ParcelLine("AL-7-L1", "MUG", 2),)


def test_the_tenants_own_words_win() -> None:
    (parcel,) = parcels(page(shipment(status="Sent")), parcel_states={"SENT": ParcelState.SHIPPED})

    assert parcel.state is ParcelState.SHIPPED


@pytest.mark.parametrize("rows", [[], [line(units=0)]])
def test_a_label_without_units_has_no_lines_and_its_own_tracking(rows: list[Any]) -> None:
    (parcel,) = parcels(page(shipment(shipmentLines=lines(*rows))))

    assert (parcel.lines, parcel.tracking_number) == ((), "0998")


@pytest.mark.parametrize(
    ("url", "number", "told"),
    [
        ("https://t.example/?n=", "0998", "https://t.example/?n=0998"),
        ("https://t.example/0998/x", "0998", "https://t.example/0998/x"),
        ("https://t.example/?n=", None, ""),
        (None, "0998", ""),
    ],
)
def test_a_tracking_address_gets_its_number_where_it_lacks_it(
    url: str | None, number: str | None, told: str
) -> None:
    row = shipment(trackingUrl=url, trackingNumber=number, shippedContainers=None)
    (parcel,) = parcels(page(row))

    assert (parcel.tracking_url, parcel.tracking_number) == (told, number)


def test_lines_beyond_the_tenth_are_read_from_their_own_list() -> None:
    rows = [line(number, f"S-{number}", 1.0) for number in range(1, 13)]
    cut = shipment(shipmentLines=lines(*rows[:10], complete=False))
    warehouse, other_side = scripted([page(cut), page(*rows)])

    (parcel,) = [one for told in warehouse.dispatches(["ACME"], SINCE) for one in told.parcels]

    assert [one.sku for one in parcel.lines] == [f"S-{number}" for number in range(1, 13)]
    assert other_side.sent[1].url.path == "/shipments/outboundShipments/451/shipmentLines"


@pytest.mark.parametrize(("complete", "rows"), [(None, 1), (False, 1), (True, 10)])
def test_a_list_that_does_not_say_that_it_is_whole_is_read_again(complete: bool | None, rows: int) -> None:
    told = [line(number, f"S-{number}", 1.0) for number in range(1, rows + 1)]
    assert len(parcels(page(shipment(shipmentLines=lines(*told, complete=complete))), page(*told))) == 1


def test_an_item_that_is_named_by_its_id_is_looked_up() -> None:
    rows = shipment(line(item={"id": 501}))
    (parcel,) = parcels(page(rows), answer(200, {"self": {"id": 501}, "number": "MUG"}))

    assert parcel.lines == (ParcelLine("AL-7-L1", "MUG", 2),)


@pytest.mark.parametrize(
    ("said", "line_id"),
    [
        ({}, "AL-7-L1"),
        ({"orderLineDetails": None, "importReference": "imp", "externalLineNumber": "ext"}, "imp"),
        ({"orderLineDetails": {}, "externalLineNumber": "ext"}, "ext"),
        ({"orderLineDetails": "", "externalLineNumber": ""}, None),
    ],
)
def test_a_line_is_identified_by_what_the_shipment_says_and_by_nothing_else(
    said: dict[str, Any], line_id: str | None
) -> None:
    (parcel,) = parcels(page(shipment(line(**said))))

    assert parcel.lines == (ParcelLine(line_id, "MUG", 2),)


def test_packs_are_counted_in_units() -> None:
    by_key = line(pack={"businessKey": {"item.number": "MUG", "quantity": 6}}, units=2.0)

    assert parcels(page(shipment(by_key)))[0].lines[0].quantity == 12


def test_boxes_are_parcels_of_their_own_where_their_contents_add_up() -> None:
    boxes = [box("A", "T1", ("MUG", 1.0)), box("B", "T2", ("MUG", 1.0), ("CUP", 3.0))]
    row = shipment(line(), line(2, "CUP", 3.0), shippedContainers={"data": boxes})

    assert facts(parcels(page(row))) == [
        ("SHP-1/A", "T1", (ParcelLine("AL-7-L1", "MUG", 1),)),
        ("SHP-1/B", "T2", (ParcelLine("AL-7-L1", "MUG", 1), ParcelLine("AL-7-L2", "CUP", 3))),
    ]


def test_a_box_that_was_rolled_back_did_not_leave() -> None:
    boxes = [box("A", "T1", ("MUG", 2.0)), box("B", "T2", ("MUG", 1.0), status="Rolled Back")]
    found = parcels(page(shipment(shippedContainers={"data": boxes})))

    assert [(one.id, one.state) for one in found] == [
        ("SHP-1/A", ParcelState.SHIPPED),
        ("SHP-1/B", ParcelState.WITHDRAWN),
    ]


@pytest.mark.parametrize(
    "boxes",
    [
        {"data": [box("A", "T1"), box("B", "T2")]},
        {"data": [box("A", "T1", ("MUG", 2.0)), box("B", "T2", ("MUG", 2.0))]},
        {"data": [box("A", "T1", ("MUG", 2.0)), box("B", "T2", ("LAMP", 1.0))]},
        {"data": [box("A", "T1", ("MUG", 1.0)), box("B", "T2", ("MUG", 1.0))], "complete": False},
    ],
    ids=["not told", "too many", "another item", "cut off"],
)
def test_boxes_whose_contents_are_unclear_stay_one_parcel_that_says_so(boxes: Any) -> None:
    (parcel,) = parcels(page(shipment(shippedContainers=boxes)))

    assert parcel.undivided
    assert parcel.lines == (ParcelLine("AL-7-L1", "MUG", 2),)
    assert {parcel.tracking_number, *parcel.more_tracking_numbers} == {"0998", "T1", "T2"}


def test_a_second_number_of_the_same_box_is_kept_beside_the_first() -> None:
    row = shipment(shippedContainers={"data": [box("A", " 0998 ", trackingNumber2="0999")]})
    (parcel,) = parcels(page(row))

    assert (parcel.tracking_number, parcel.more_tracking_numbers, parcel.undivided) == (
        "0998",
        ("0999",),
        False,
    )


def test_two_lines_of_one_item_in_two_boxes_are_not_guessed() -> None:
    boxes = [box("A", "T1", ("MUG", 1.0)), box("B", "T2", ("MUG", 3.0))]
    found = parcels(page(shipment(line(), line(2), shippedContainers={"data": boxes})))

    assert [one.lines for one in found] == [(ParcelLine(None, "MUG", 1),), (ParcelLine(None, "MUG", 3),)]


def test_boxes_may_name_the_line() -> None:
    named = [line(number, externalLineNumber=f"E{number}") for number in (1, 2)]
    boxes = [box("A", "T1", ("MUG", 2.0)), box("B", "T2", ("MUG", 2.0))]
    for number, one in enumerate(boxes, 1):
        one["shippedContainerLines"][0]["externalLineNumber"] = f"E{number}"
    found = parcels(page(shipment(*named, shippedContainers={"data": boxes})))

    assert [one.lines[0].line_id for one in found] == ["AL-7-L1", "AL-7-L2"]


def test_one_parcel_for_two_orders_comes_for_each_with_what_is_its_own() -> None:
    def of(number: str, place: int, sku: str) -> dict[str, Any]:
        key = {"id": 77000 + place, "businessKey": {"orderHeader.number": number}}
        return line(place, sku, 1.0, orderLine=key)

    both = {"data": [ORDER, OTHER]}
    row = shipment(of("AL-7", 1, "MUG"), of("AL-8", 2, "CUP"), orderHeaders=both)
    found = parcels(page(row))

    assert [(one.order_number, one.order_id, one.id, one.tracking_number) for one in found] == [
        ("AL-7", "88001", "SHP-1", "0998"),
        ("AL-8", "88002", "SHP-1", "0998"),
    ]
    assert [[part.sku for part in one.lines] for one in found] == [["MUG"], ["CUP"]]


def test_orders_of_a_shared_parcel_are_read_where_lines_name_them_by_id_alone() -> None:
    row = shipment(line(1, "MUG"), line(2, "CUP"), orderHeaders={"data": [{"id": 88001}, {"id": 88002}]})

    def react(request: httpx.Request) -> Reaction:
        wanted = request.url.path.rpartition("/")[2]
        if wanted == "outboundShipments":
            return page(row)
        number, of_line = {"88001": ("AL-7", 77001), "88002": ("AL-8", 77002)}[wanted]
        own = [{"self": {"id": of_line}, "lineNumber": "1", "orderPackQuantity": 1}]
        return answer(200, order(int(wanted), *own, number=number))

    warehouse, _ = scripted(react)
    found = [one for told in warehouse.dispatches(["ACME"], SINCE) for one in told.parcels]

    assert [(one.order_number, [part.sku for part in one.lines]) for one in found] == [
        ("AL-7", ["MUG"]),
        ("AL-8", ["CUP"]),
    ]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (shipment(line(units=None)), "how many units left"),
        (shipment(line(units=0.5)), "no count of units"),
        (shipment(orderHeaders=None), "does not say"),
        (shipment(line(item=None, orderLineDetails=None)), "neither its item nor its order line"),
        ({**shipment(), "number": "", "self": None, "id": None}, "neither number nor id"),
        (shipment(shipmentLines=lines(line(), complete=False)), "further lines"),
        ({**shipment(), "shipmentLines": None, "self": None, "id": None}, "does not say its id"),
        (
            shipment(line(), orderHeaders={"data": [ORDER, {"businessKey": {"number": "AL-9"}}]}),
            "of which order",
        ),
    ],
)
def test_what_is_unclear_is_kept_whole_and_the_rest_is_told(row: dict[str, Any], words: str) -> None:
    def react(request: httpx.Request) -> Reaction:
        if request.url.path.endswith("outboundShipments"):
            return page(row, shipment(number="SHP-2"))
        return answer(404, {})

    warehouse, _ = scripted(react)
    (told,) = warehouse.dispatches(["ACME"], SINCE)

    assert [one.id for one in told.parcels] == ["SHP-2"]
    assert words in told.unreadable[0].reason
    assert told.unreadable[0].raw["status"] == "Shipped"


def test_an_orders_parcels_are_asked_for_by_number_and_compared_exactly() -> None:
    near = shipment(number="SHP-9", orderHeaders={"data": [{"id": 1, "businessKey": {"number": "AL-70"}}]})
    answers: list[Reaction] = [answer(200, order(88001)), page(near, shipment(), shipment(number="SHP-2"))]
    warehouse, other_side = scripted(answers)

    assert [one.id for one in warehouse.parcels_of("88001")] == ["SHP-1", "SHP-2"]
    assert dict(other_side.sent[1].url.params)["orderNumber"] == "AL-7"


def test_an_order_that_is_unknown_has_no_parcels_and_one_that_is_unclear_has_unknown_ones() -> None:
    warehouse, _ = scripted([answer(404, {})])
    assert warehouse.parcels_of("1") == []
    warehouse, _ = scripted([answer(200, order(88001)), page(shipment(line(units=None)))])
    with pytest.raises(Unanswered, match="SHP-1 cannot be understood"):
        warehouse.parcels_of("88001")


V1_SHIPMENT = """<shipment><shipmentNumber>SHP-1</shipmentNumber><shipmentStatus>Shipped</shipmentStatus>
<shipVia>DPD Classic</shipVia><shipVendor>DPD</shipVendor>
<actualShipDate>2026-03-03T14:42:00Z</actualShipDate>
<trackingNumber>0998</trackingNumber><trackingUrl>https://track.example.com/?n=</trackingUrl>
<orders>{orders}</orders></shipment>"""
V1_LINE = """<line><lineNumber>1</lineNumber><customerLineNumber>{id}</customerLineNumber>
<itemNumber>{sku}</itemNumber><shippedPackQuantity>{units}.0</shippedPackQuantity>{box}</line>"""


def v1_order(number: str, *rows: str) -> str:
    inner = "".join(rows)
    return f"<order><orderNumber>{number}</orderNumber><lines>{inner}</lines></order>"


def v1_line(line_id: str, sku: str, units: int, lpn: str = "", tracking: str = "") -> str:
    inside = (
        f"<container><lpn>{lpn}</lpn><trackingNumber>{tracking}</trackingNumber></container>" if lpn else ""
    )
    return V1_LINE.format(id=line_id, sku=sku, units=units, box=inside)


def v1_shipments(*orders: str) -> httpx.Response:
    inner = V1_SHIPMENT.format(orders="".join(orders))
    return xml(f'<n:shipments xmlns:n="http://integration.deposco.com/shipment">{inner}</n:shipments>')


def old(*answers: Reaction, **options: Any) -> list[Parcel]:
    return parcels(*answers, generation=Generation.V1, **options)


def test_a_v1_shipment_means_the_same() -> None:
    (parcel,) = old(v1_shipments(v1_order("AL-7", v1_line("AL-7-L1", "MUG", 2))))
    (newer,) = parcels(page(shipment()))

    assert (parcel.id, parcel.order_number, parcel.order_id) == ("SHP-1", "AL-7", "ACME/AL-7")
    for name in ("store", "state", "carrier", "service", "tracking_number", "tracking_url", "lines"):
        assert getattr(parcel, name) == getattr(newer, name)
    assert parcel.shipped_at == LEFT_AT


def test_v1_boxes_and_shared_parcels_are_told_by_the_lines() -> None:
    first = v1_order("AL-7", v1_line("L1", "MUG", 1, "A", "T1"), v1_line("L1", "MUG", 1, "B", "T2"))
    second = v1_order("AL-8", v1_line("L9", "CUP", 3, "B", "T2"))
    found = old(v1_shipments(first, second))

    assert [(one.order_number, one.id, one.tracking_number, one.lines) for one in found] == [
        ("AL-7", "SHP-1/A", "T1", (ParcelLine("L1", "MUG", 1),)),
        ("AL-7", "SHP-1/B", "T2", (ParcelLine("L1", "MUG", 1),)),
        ("AL-8", "SHP-1/B", "T2", (ParcelLine("L9", "CUP", 3),)),
    ]


def v1(reactions: list[Reaction], **door: Any) -> tuple[Any, Door]:
    return scripted(reactions, Generation.V1, v1=door)


def test_v1_is_searched_by_the_day_of_departure_and_says_what_that_misses() -> None:
    warehouse, other_side = v1([v1_shipments(v1_order("AL-7"))])

    list(warehouse.dispatches(["ACME"], SINCE))

    assert other_side.sent[0].url.path == "/search/shipment"
    assert dict(other_side.sent[0].url.params) == {
        "actualShipDateOps": "BETWEEN",
        "actualShipDate": "2026-03-02T07:00:00Z,2026-03-02T08:05:00Z",
    }
    assert "tracking" in warehouse.dispatch_feed.misses
    assert "rolled back" in warehouse.dispatch_feed.misses


def test_v1_asks_for_an_order_by_the_marketplaces_number_and_compares_ours() -> None:
    found = xml(
        "<orders><order><businessUnit>ACME</businessUnit><number>AL-7</number><status>Complete</status>"
        "<customerOrderNumber>AL-7-A</customerOrderNumber></order></orders>"
    )
    two = v1_shipments(v1_order("AL-7", v1_line("L1", "MUG", 2)), v1_order("AL-8", v1_line("L2", "CUP", 1)))
    warehouse, other_side = v1([found, two])

    assert [one.lines for one in warehouse.parcels_of("ACME/AL-7")] == [(ParcelLine("L1", "MUG", 2),)]
    assert dict(other_side.sent[1].url.params) == {"orderHeaders.customerOrderNumber": "AL-7-A"}


STATUS = """<n:orderStatuses xmlns:n="http://integration.deposco.com/orderStatus"><orderStatus>
<orderNumber>AL-7</orderNumber><orderStatus>Complete</orderStatus><orderType>Sales Order</orderType>
<shipments><shipment><shipmentNumber>SHP-1</shipmentNumber><shipmentStatus>Shipped</shipmentStatus>
<carrier>DPD</carrier><method>DPD Classic</method><trackingNumber>0998</trackingNumber>
<actualShipDate>2026-03-03T14:42:00Z</actualShipDate><lines><line><lineNumber>1</lineNumber>
<customerLineNumber>AL-7-L1</customerLineNumber><shippedPackQuantity>2.0</shippedPackQuantity></line></lines>
</shipment></shipments></orderStatus></n:orderStatuses>"""


def test_the_status_document_tells_lines_without_skus() -> None:
    warehouse, other_side = v1([xml(STATUS)], shipment_read=ShipmentRead.STATUS)

    (told,) = warehouse.dispatches(["ACME"], SINCE)

    (parcel,) = told.parcels
    assert (parcel.id, parcel.order_number, parcel.carrier, parcel.service) == (
        "SHP-1",
        "AL-7",
        "DPD",
        "DPD Classic",
    )
    assert parcel.lines == (ParcelLine("AL-7-L1", "", 2),)
    assert other_side.sent[0].url.path == "/status/order/20260302,20260302"
    assert "SKUs" in warehouse.dispatch_feed.misses


@pytest.mark.parametrize("body", ["null", "{}", '{"orderStatus": []}', '{"orderStatus": ""}', "[]"])
def test_no_status_document_is_no_parcel(body: str) -> None:
    nothing = httpx.Response(200, content=body.encode(), headers={"content-type": "application/json"})
    warehouse, _ = v1([nothing], shipment_read=ShipmentRead.STATUS)

    assert list(warehouse.dispatches(["ACME"], SINCE)) == [Dispatches(())]


def test_shipments_may_be_served_by_the_other_generation_than_orders() -> None:
    mixed = Capabilities(orders=Generation.V1, items=Generation.V1, shipments=Generation.V2)
    (parcel,) = parcels(page(shipment()), capabilities=mixed)

    assert parcel.order_id == "ACME/AL-7"
    assert V1_ONLY.shipments is Generation.V1


@given(
    field=st.sampled_from(sorted({*shipment(), *line(), *box("A", "T")})),
    value=JSON,
)
def test_any_damage_is_read_or_kept_but_never_crashes(field: str, value: Any) -> None:
    def damaged(raw: dict[str, Any]) -> dict[str, Any]:
        return {**raw, field: value} if field in raw else raw

    row = damaged(
        shipment(damaged(line()), shippedContainers={"data": [damaged(box("A", "T", ("MUG", 2.0)))]})
    )

    def react(request: httpx.Request) -> Reaction:
        return page(row) if request.url.path.endswith("outboundShipments") else answer(404, {})

    warehouse, _ = scripted(react)
    pages = list(warehouse.dispatches(["ACME"], START.replace(year=1990)))
    assert sum(len(one.unreadable) for one in pages) <= 1
