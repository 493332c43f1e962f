"""The rules of dispatch: facts about one order and the time → one next step, or what holds it.

Pure: no clock, no database, no network. The step follows from where both sides stand now, so a parcel that
left before we looked, one that somebody told by hand, and a worker that died are the same case.

Every concern of an order is looked at: one parcel that waits for its number holds no other one up. The first
step that any concern asks for is taken; else the first finding is shown.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from integration_pipelines.config import Shipping
from integration_pipelines.exceptions.findings import Finding, Severity
from integration_pipelines.exceptions.taxonomy import Code
from integration_pipelines.fulfilments.attempts import order_read_back
from integration_pipelines.fulfilments.carriers import CarrierBook
from integration_pipelines.fulfilments.contents import (
    departed,
    has_left_whole,
    remaining,
    surplus,
    units_left,
)
from integration_pipelines.fulfilments.decision import Decision
from integration_pipelines.fulfilments.facts import NOT_SENT_YET, DispatchFacts
from integration_pipelines.fulfilments.forecast import Floor, forecast
from integration_pipelines.fulfilments.order_rules import tell_order
from integration_pipelines.fulfilments.parcel_rules import tell_parcels
from integration_pipelines.fulfilments.pressing import (
    PRESSING,
    dispatch_finding,
    press_again_at,
    severity_now,
)
from integration_pipelines.fulfilments.steps import ReadAgain, ReadParcels, SettleDoubt
from integration_pipelines.marketplace import ADVANCING, OrderState, ShipmentState
from integration_pipelines.warehouse import ParcelState, WarehouseOrderState

ANY_TIME = Floor()  # nobody said when carriers come
CONFIRMED_WITHIN = timedelta(minutes=30)
ASKED_AGAIN_AFTER = timedelta(hours=1)
BOTH_SIDES_WITHIN = timedelta(hours=24)  # the marketplace may know before the floor has entered it


def next_step(
    order: DispatchFacts, shipping: Shipping, book: CarrierBook, now: datetime, floor: Floor = ANY_TIME
) -> Decision:
    """The next step about one order's dispatch (rows M16 to M18, M28)."""
    if not order.ours:
        return Decision()
    doubtful = next((key for key, facts in order.intents.items() if facts.state.doubtful), None)
    if doubtful:
        return Decision(step=SettleDoubt(doubtful))
    if order.state not in ADVANCING:
        return Decision()  # ended, or unknown: both are the orders flow's to show
    concerns: list[Decision] = []
    if _rank(order.state) < _rank(OrderState.SHIPPING):
        concerns += _too_early(order, now)
    else:
        told = tell_parcels if shipping.multi_parcel else tell_order
        concerns += told(order, shipping, book, now)
        concerns += _oddities(order, now)
        concerns += (
            _to_ship(order, floor, now) if order.state == OrderState.SHIPPING else _shipped(order, now)
        )
    return _first(concerns)


def overdue(order: DispatchFacts, words: str, failures: int, now: datetime) -> Finding | None:
    """The finding for an order whose next step fails again and again; `words` says how.

    Left units that nobody can tell of press with the deadline; a few failures may pass in silence.
    """
    calm = severity_now(order, now) not in PRESSING
    if failures < 4 and calm:
        return None
    return dispatch_finding(order, Code.DISPATCH_NOT_CONFIRMED, f"It cannot be told yet: {words}", now)


def _first(concerns: list[Decision]) -> Decision:
    step = next((each for each in concerns if each.step is not None), None)
    if step:
        return step
    return Decision(
        finding=next((each.finding for each in concerns if each.finding), None),
        look_at=min((each.look_at for each in concerns if each.look_at), default=None),
        waits_for=next((each.waits_for for each in concerns if each.waits_for), None),
    )


def _too_early(order: DispatchFacts, now: datetime) -> Iterator[Decision]:
    if departed(order):
        words = f"It left the warehouse, but the marketplace says {order.state}."
        yield Decision(finding=dispatch_finding(order, Code.DISPATCH_REFUSED, words, now))


def _oddities(order: DispatchFacts, now: datetime) -> Iterator[Decision]:
    """What the warehouse tells and no rule can settle."""
    done = order.state != OrderState.SHIPPING
    for parcel in order.parcels:
        if parcel.state is ParcelState.UNKNOWN:
            words = f"The warehouse says {parcel.raw_status!r} about parcel {parcel.id}, which is new to us."
            finding = dispatch_finding(order, Code.UNKNOWN_PARCEL_STATE, words, now, done=done)
            yield Decision(finding=finding)
    if beyond := surplus(order):
        named = ", ".join(f"{units} of {name!r}" for name, units in sorted(beyond.items()))
        words = f"More left the warehouse than the marketplace expects: {named}."
        yield Decision(finding=dispatch_finding(order, Code.UNMATCHED_PARCEL, words, now, done=done))


def _to_ship(order: DispatchFacts, floor: Floor, now: datetime) -> Iterator[Decision]:
    """Cleared for dispatch: has it been told, and will it leave in time?"""
    told = [each.told_at for each in order.shipments if each.told_at is not None and each.counts]
    if told and not any(remaining(order).values()):
        yield _read_confirmation_back(order, max(told), now)
        return
    severity, risk = severity_now(order, now), forecast(order, floor, now)
    at_risk = severity is not Severity.NOTICE or risk.words is not None
    if at_risk and _is_behind(order, now) and not has_left_whole(order):
        yield Decision(step=ReadParcels())
    if severity in PRESSING or risk.words:
        left, wanted = units_left(order)
        words = f"{left} of {wanted} units have left the warehouse"
        if severity is Severity.BREACHED:
            words = f"The dispatch deadline has passed; {words}."
        else:
            words = f"{words}. {risk.words}" if risk.words else f"{words}, and the dispatch deadline is near."
        yield Decision(finding=dispatch_finding(order, Code.DISPATCH_LATE, words, now, least=risk.severity))
    yield Decision(look_at=press_again_at(order, now))
    yield Decision(look_at=risk.look_at)


def _read_confirmation_back(order: DispatchFacts, told_at: datetime, now: datetime) -> Decision:
    """All is told: the order itself must say so (F13 of dispatches)."""
    if order.read_at < told_at:
        return order_read_back(told_at, now)
    due = told_at + CONFIRMED_WITHIN
    waits_for_debit = any(each.state == ShipmentState.SHIPMENT_PREPARED for each in order.shipments)
    if now < due or waits_for_debit:
        return Decision(look_at=max(due, now + CONFIRMED_WITHIN))
    if order.read_at < due:
        return Decision(step=ReadAgain())
    unsent = any(each.state in NOT_SENT_YET for each in order.shipments)
    words = "A parcel of it is not confirmed." if unsent else "It took every parcel without an error."
    words = f"The marketplace still says {order.state}. {words}"
    finding = dispatch_finding(order, Code.DISPATCH_NOT_CONFIRMED, words, now)
    return Decision(finding=finding, look_at=now + ASKED_AGAIN_AFTER)


def _shipped(order: DispatchFacts, now: datetime) -> Iterator[Decision]:
    """The marketplace says shipped: has it left? What our warehouse never had is not looked for there."""
    left, wanted = units_left(order)
    if order.booking is None or left >= wanted or any(each.told_at for each in order.shipments):
        return
    due = order.updated_at + BOTH_SIDES_WITHIN
    if now < due:
        yield Decision(look_at=due)
    elif _is_behind(order, now):
        yield Decision(step=ReadParcels())
    elif order.booking is not WarehouseOrderState.SHIPPED:
        words = f"The marketplace says {order.state}; {left} of {wanted} units have left the warehouse."
        yield Decision(finding=dispatch_finding(order, Code.NOT_DISPATCHED, words, now, done=True))


def _is_behind(order: DispatchFacts, now: datetime) -> bool:
    """Whether its parcels should be asked for by its own key: feeds of changes may miss some."""
    if order.booking is None:
        return False
    return order.parcels_read_at is None or now - order.parcels_read_at >= ASKED_AGAIN_AFTER


def _rank(state: str) -> int:
    return ADVANCING.index(OrderState(state))
