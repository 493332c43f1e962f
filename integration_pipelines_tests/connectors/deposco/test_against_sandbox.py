"""The warehouse port against a tenant that was written from the contract without knowing our code.

Everything here holds for every profile: V2 orders with V1 availability, V1 alone in either rendering.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from integration_pipelines.config.facilities import Facility
from integration_pipelines.remote import NotExecuted, OutcomeUnknown, Refused, Unanswered
from integration_pipelines.sandbox.deposco.settings import DeposcoSettings, Manners
from integration_pipelines.sandbox.deposco.settings import FacilitySettings as Building
from integration_pipelines.warehouse import WarehouseLine, WarehouseOrderState
from integration_pipelines_tests.connectors.deposco.tenant import PROFILES, START, Account, account, request

pytestmark = pytest.mark.parametrize("profile", PROFILES)


def imports(made: Account, number: str) -> int:
    truth = made.tenant.order_numbered(number)
    assert truth is not None
    return int(truth["imports"])


def test_an_order_is_imported_once_and_shown_as_stored(profile: str) -> None:
    made = account(profile)

    stored = made.warehouse.create_order(request())

    assert (stored.number, stored.store) == ("AL-7", "ACME")
    assert stored.state is WarehouseOrderState.RELEASED
    assert sorted((line.sku, line.quantity) for line in stored.lines) == [("LAMP", 1), ("MUG", 2)]
    truth = made.tenant.order_numbered("AL-7")
    assert truth is not None
    assert sorted(line["customer_line_number"] for line in truth["lines"]) == ["AL-7-L1", "AL-7-L2"]
    made.clock.advance(10)  # lists lag behind writes
    assert made.warehouse.order(stored.id) == made.warehouse.find_orders("ACME", "AL-7")[0]


def test_the_same_order_again_is_adopted_instead_of_imported_twice(profile: str) -> None:
    made = account(profile)
    first = made.warehouse.create_order(request())
    made.clock.advance(10)

    again = made.warehouse.create_order(request())

    assert again.id == first.id
    assert imports(made, "AL-7") == 1


def test_a_number_that_is_taken_by_another_order_is_left_alone(profile: str) -> None:
    made = account(profile)
    made.warehouse.create_order(request())
    made.clock.advance(10)

    with pytest.raises(Refused, match="it has an order AL-7 already"):
        made.warehouse.create_order(request("AL-7", ("MUG", 5)))

    assert imports(made, "AL-7") == 1


def test_a_lost_answer_leaves_the_outcome_open_and_the_look_up_finds_the_order(profile: str) -> None:
    made = account(profile)
    made.lose = True

    with pytest.raises(OutcomeUnknown):
        made.warehouse.create_order(request())

    made.lose = False
    made.clock.advance(10)
    (found,) = made.warehouse.find_orders("ACME", "AL-7")
    assert found.state is WarehouseOrderState.RELEASED
    assert imports(made, "AL-7") == 1


def test_numbers_are_compared_exactly(profile: str) -> None:
    made = account(profile)
    made.warehouse.create_order(request())
    made.clock.advance(10)

    assert made.warehouse.find_orders("ACME", "al-7") == []
    assert made.warehouse.find_orders("ACME", "AL-70") == []
    assert made.warehouse.find_orders("OTHER", "AL-7") == []


def test_an_order_of_more_than_ten_lines_has_them_all(profile: str) -> None:
    made = account(profile)
    lines = [(f"S-{number}", number + 1) for number in range(12)]

    stored = made.warehouse.create_order(request("AL-9", *lines))
    made.clock.advance(10)
    (found,) = made.warehouse.find_orders("ACME", "AL-9")

    assert sorted((line.sku, line.quantity) for line in found.lines) == sorted(lines)
    assert len(stored.lines) == 12


def test_changed_orders_follow_an_order_to_the_lorry(profile: str) -> None:
    made = account(profile)
    made.warehouse.create_order(request())
    seen = []
    since = START
    for _ in range(24):
        made.clock.advance(3600)
        pages = list(made.warehouse.changed_orders(["ACME"], since - timedelta(minutes=5)))
        seen += [order for page in pages for order in page.orders]
        since = made.clock.now()
        assert not any(page.unreadable for page in pages)

    assert seen[-1].state is WarehouseOrderState.SHIPPED
    assert (seen[-1].picked, seen[-1].packed) == (True, True)
    assert seen[-1].shipped_parcels >= 1
    assert {order.number for order in seen} == {"AL-7"}
    assert not [order.raw_status for order in seen if order.state is WarehouseOrderState.UNKNOWN]


def test_nothing_is_read_that_did_not_change(profile: str) -> None:
    made = account(profile)
    made.warehouse.create_order(request())
    made.clock.advance(3 * 24 * 3600)

    pages = list(made.warehouse.changed_orders(["ACME"], made.clock.now() - timedelta(minutes=5)))

    assert [order for page in pages for order in page.orders] == []


def test_it_is_cancelled_while_the_wave_allows_it(profile: str) -> None:
    made = account(profile)
    stored = made.warehouse.create_order(request())
    made.clock.advance(5)

    made.warehouse.cancel_order(stored.id, "cancelled by the customer")
    made.clock.advance(5)

    cancelled = made.warehouse.order(stored.id)
    assert cancelled is not None
    assert cancelled.state is WarehouseOrderState.CANCELLED
    assert {line.quantity for line in cancelled.lines} == {1, 2}
    assert made.warehouse.find_orders("ACME", "AL-7")[0].state is WarehouseOrderState.CANCELLED
    made.warehouse.cancel_order(stored.id, "again")  # it is what was wanted


def test_a_cancellation_after_the_wave_is_refused_with_the_reason(profile: str) -> None:
    made = account(profile)
    stored = made.warehouse.create_order(request())
    made.clock.advance(30 * 3600)

    with pytest.raises(Refused, match="its wave has begun"):
        made.warehouse.cancel_order(stored.id, "cancelled by the customer")


def test_what_people_hold_is_on_hold(profile: str) -> None:
    made = account(profile)
    stored = made.warehouse.create_order(request())
    made.tenant.hold_as_staff("AL-7")
    made.clock.advance(5)

    held = made.warehouse.order(stored.id)

    assert held is not None
    assert held.state is WarehouseOrderState.ON_HOLD


def test_an_unknown_item_refuses_the_order_in_deposcos_words(profile: str) -> None:
    made = account(profile)

    with pytest.raises(Refused, match="NOBODY"):
        made.warehouse.create_order(request("AL-8", ("NOBODY", 1)))

    assert made.tenant.order_numbered("AL-8") is None


def test_items_are_found_by_their_exact_number(profile: str) -> None:
    made = account(profile)

    found = made.warehouse.find_items(["MUG", "mug", "BIG MUG", "A/B-1", "NONE"])

    assert {sku: len(items) for sku, items in found.items()} == {
        "MUG": 1, "mug": 0, "BIG MUG": 1, "A/B-1": 1, "NONE": 0,
    }  # fmt: skip
    assert found["MUG"][0].active


def test_the_account_stays_inside_what_deposco_bears(profile: str) -> None:
    made = account(profile)

    for number in range(20):
        made.warehouse.create_order(request(f"AL-{number}"))

    assert made.tenant.truth()["quota_breaches"] == 0


def test_an_outage_before_the_write_proves_that_nothing_was_sent(profile: str) -> None:
    silent = DeposcoSettings("depot", answers=Manners(blank_share=1.0, in_use_share=1.0))
    made = account(profile, silent, orders=account(profile).warehouse.profile.orders)
    made.tenant.expire_tokens()

    with pytest.raises(NotExecuted):
        made.warehouse.create_order(request())

    assert made.tenant.order_numbered("AL-7") is None


def test_the_order_names_the_facility_that_can_take_it(profile: str) -> None:
    buildings = (Building("DC1", "North"), Building("DC2", "South"))
    ours = (
        Facility(number="DC1", time_zone="Europe/Paris", working_days=frozenset({6})),
        Facility(number="DC2", time_zone="Europe/Paris", processing_days=1),
    )
    made = account(profile, DeposcoSettings("depot", facilities=buildings), facilities=ours, stock=400)
    for sku in ("MUG", "LAMP"):
        made.tenant.set_stock(sku, "DC1", 50)
        made.tenant.set_stock(sku, "DC2", 50)

    choice = made.warehouse.facility_choice(request())
    made.warehouse.create_order(request())

    assert choice.facility == "DC2"
    assert "2026-03-07" in choice.reasons["DC1"]
    truth = made.tenant.order_numbered("AL-7")
    assert truth is not None
    assert truth["facility"] == "DC2"


def test_lines_of_one_sku_are_counted_together(profile: str) -> None:
    made = account(profile)

    stored = made.warehouse.create_order(request("AL-7", ("MUG", 1), ("MUG", 2)))

    assert [replace(line, allocated=0) for line in stored.lines] == [WarehouseLine("MUG", 3, 0)]


NASTY = Manners(
    json_requests=True, collapse_lists=False, strict_sequence=True, missing_items="partly", blank_share=0.2,
    in_use_share=0.2, wrap_single_reads=True, tell_expiry=False, rotate_refresh_tokens=True,
)  # fmt: skip


def test_a_tenant_with_every_bad_manner_gets_each_order_exactly_once(profile: str) -> None:
    made = account(profile, DeposcoSettings("depot", answers=NASTY, access_token_seconds=120))
    wanted = [f"AL-{number}" for number in range(15)]
    missing = set(wanted)

    for _ in range(20):
        for number in sorted(missing):
            try:
                missing -= {made.warehouse.create_order(request(number)).number}
            except OutcomeUnknown:
                made.clock.advance(10)
                try:
                    found = made.warehouse.find_orders("ACME", number)
                except Unanswered:
                    continue
                missing -= {order.number for order in found}
            except Refused:
                raise
            except NotExecuted:
                continue

    assert not missing
    assert [imports(made, number) for number in wanted] == [1] * len(wanted)


def test_a_partly_stored_order_shows_what_it_lacks(profile: str) -> None:
    made = account(profile, DeposcoSettings("depot", answers=Manners(missing_items="partly")))
    asked = request("AL-8", ("MUG", 1), ("NOBODY", 1))

    if profile == "v2":  # refused as a whole
        with pytest.raises(Refused):
            made.warehouse.create_order(asked)
        return
    stored = made.warehouse.create_order(asked)
    assert [(line.sku, line.quantity) for line in stored.lines] == [("MUG", 1)]


def test_a_token_that_dies_early_is_renewed_without_anybody_noticing(profile: str) -> None:
    made = account(profile)
    made.warehouse.create_order(request("AL-1"))
    made.tenant.expire_tokens()

    assert made.warehouse.create_order(request("AL-2")).number == "AL-2"
    assert made.tenant.truth()["tokens_issued"] == (0 if profile.startswith("v1") else 2)
