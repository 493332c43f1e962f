"""Stock of the sandbox's Deposco tenant: paging, ignored filters, what is left out, what the delta misses."""

import json
from decimal import Decimal
from typing import Any

import pytest

from integration_pipelines.sandbox.catalogue import Product
from integration_pipelines.sandbox.deposco import FacilitySettings, Manners
from integration_pipelines_tests.sandbox.deposco_caller import LAMP, MUG, Caller

PLAIN = Manners(collapse_lists=False)
TWO = (FacilitySettings("DC1", "Main DC"), FacilitySettings("DC2", "Second DC"))
SHELF = tuple(Product(f"S-{number}", "Shelf", Decimal(9), "", 10) for number in range(6))


def full(caller: Caller, query: str = "") -> Any:
    answer = caller.old("GET", f"/inventory/full?{query}")
    assert answer.status == 200
    return json.loads(answer.body)


def numbers(answered: Any) -> list[str]:
    return [row["itemNumber"] for row in answered["itemInventory"]] if answered else []


def test_a_page_without_the_facilitys_items_is_not_mistaken_for_the_end() -> None:
    caller = Caller(*SHELF, facilities=TWO, answers=PLAIN, holds_stock=False)
    caller.tenant.set_stock("S-0", "DC1", 1)
    for sku in ("S-1", "S-5"):
        caller.tenant.set_stock(sku, "DC2", 3)
    asked = "facilityNumber=DC2&pageSize=1"

    assert [numbers(full(caller, f"{asked}&pageNo={page}")) for page in (1, 2, 3)] == [["S-1"], ["S-5"], []]
    (row,) = full(caller, f"{asked}&pageNo=1")["itemInventory"]
    assert [held["facility"] for held in row["facilityInventory"]] == ["DC2"]
    assert full(caller, "facilityNumber=NOWHERE") is None


@pytest.mark.parametrize(("end", "body"), [("null", b"null"), ("empty", b'{"itemInventory":[]}')])
def test_the_end_is_null_or_an_empty_collection(end: Any, body: bytes) -> None:
    caller = Caller(answers=Manners(end_of_inventory=end))
    assert caller.old("GET", "/inventory/full?pageNo=2").body == body
    assert caller.old("GET", "/inventory/full?startActivityTime=2030-01-01T00:00:00Z").body == body


def test_parameters_that_nobody_knows_or_heeds_change_nothing() -> None:
    caller = Caller(*SHELF, answers=PLAIN)
    assert numbers(full(caller, "facility=DC9&since=2030-01-01T00:00:00Z")) == [one.sku for one in SHELF]

    ignored = frozenset({"pageNo", "pageNumber", "startActivityTime", "facilityNumber", "itemNumbers"})
    deaf = Caller(*SHELF, answers=Manners(collapse_lists=False, ignored_parameters=ignored))
    asked = "startActivityTime=2030-01-01T00:00:00Z&facilityNumber=DC9&pageSize=4"
    assert numbers(full(deaf, f"{asked}&pageNo=2")) == ["S-0", "S-1", "S-2", "S-3"]
    told = json.loads(
        deaf.old("GET", "/enterpriseinventory/ACME/availability?itemNumbers=S-5&pageNumber=7&pageSize=4").body
    )
    assert len(told["enterpriseInventory"]) == 4


def test_a_facility_may_leave_figures_out_of_both_reads() -> None:
    facilities = (TWO[0], FacilitySettings("DC2", "Second DC", measures=frozenset({"totalOnHandQty"})))
    caller = Caller(MUG, facilities=facilities, answers=PLAIN)
    for number in ("DC1", "DC2"):
        caller.tenant.set_stock("MUG-BLU", number, 5)
    (row,) = full(caller)["itemInventory"]
    told = {held["facility"]: set(held["inventory"]) for held in row["facilityInventory"]}
    assert told == {
        "DC1": {"total", "availableToPromise", "unallocated", "allocated"},
        "DC2": {"total", "unallocated", "allocated"},
    }


def test_blocked_goods_lower_the_promise_and_are_no_activity() -> None:
    caller = Caller(answers=PLAIN)
    caller.clock.advance(600)
    caller.tenant.block_stock("MUG-BLU", "DC1", 4)
    assert full(caller, "startActivityTime=2026-03-10T08:05:00Z") is None
    held = full(caller)["itemInventory"][0]["facilityInventory"][0]["inventory"]
    assert (held["total"], held["availableToPromise"]) == ("10.0", "6.0")
    caller.place("A-1", ("MUG-BLU", 7))
    caller.clock.advance(86_400)
    assert caller.status("A-1") == "Back Ordered"
    assert caller.stock("MUG-BLU")["available_to_promise"] == -1


def test_every_movement_is_activity() -> None:
    caller = Caller(answers=PLAIN)
    caller.clock.advance(60)
    caller.place("A-1", ("MUG-BLU", 1))
    assert numbers(full(caller, "startActivityTime=2026-03-10T08:01:00Z")) == ["MUG-BLU"]
    assert full(caller, "startActivityTime=2026-03-10T08:01:01Z") is None
    caller.clock.advance(86_400)  # waves, picks and the lorry
    assert numbers(full(caller, "startActivityTime=2026-03-10T08:01:01Z")) == ["MUG-BLU"]
    caller.clock.advance(86_400)
    caller.tenant.set_stock("LAMP/01", "DC1", 9)
    assert numbers(full(caller, "startActivityTime=2026-03-12T08:01:00Z")) == ["LAMP/01"]


def test_a_sandbox_of_the_vendor_knows_items_and_holds_none() -> None:
    caller = Caller(holds_stock=False, answers=PLAIN)
    assert [row["facilityInventory"] for row in full(caller)["itemInventory"]] == [[], []]
    told = json.loads(caller.old("GET", "/enterpriseinventory/availability?measures=atpQty").body)
    assert [row.get("atpQty") for row in told["enterpriseInventory"]] == [None, None]
    assert caller.tenant.truth()["stock"] == {MUG.sku: {}, LAMP.sku: {}}
