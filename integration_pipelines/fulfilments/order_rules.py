"""Where the operator takes one parcel per order: all is told at once when all has left (OR23, OR24). Pure.

There is one tracking number per order (Mirakl §2.7): of several parcels, that of the last to leave with one.
"""

from collections.abc import Iterator
from datetime import datetime

from integration_pipelines.config import Shipping
from integration_pipelines.exceptions.taxonomy import Code
from integration_pipelines.fulfilments.attempts import Ready, attempt, follow, readiness, track_key
from integration_pipelines.fulfilments.carriers import CarrierBook
from integration_pipelines.fulfilments.contents import departed, has_left_whole
from integration_pipelines.fulfilments.decision import Decision
from integration_pipelines.fulfilments.facts import WHOLE_ORDER, DispatchFacts, Kind, ParcelFacts
from integration_pipelines.fulfilments.pressing import dispatch_finding
from integration_pipelines.fulfilments.steps import SetTracking, ShipOrder
from integration_pipelines.marketplace import OrderState
from integration_pipelines.remote import IntentState


def tell_order(
    order: DispatchFacts, shipping: Shipping, book: CarrierBook, now: datetime
) -> Iterator[Decision]:
    """What is to be done about the order as a whole."""
    told = next((each for each in order.shipments if each.parcel == WHOLE_ORDER and each.told_at), None)
    whole = has_left_whole(order)
    if told is not None:
        if whole:
            yield follow(order, told, _telling(order), book, now)
        elif order.parcels:
            words = "A parcel of it was rolled back after the marketplace was told that all of it left."
            finding = dispatch_finding(order, Code.DISPATCH_WITHDRAWN, words, now, done=True)
            yield Decision(finding=finding)
    elif whole and order.state == OrderState.SHIPPING:
        yield _tell(order, shipping, book, now)


def _tell(order: DispatchFacts, shipping: Shipping, book: CarrierBook, now: datetime) -> Decision:
    ready = readiness(order, _telling(order), shipping, book, now)
    if not isinstance(ready, Ready):
        return ready
    if ready.tracking is not None:
        write = SetTracking(WHOLE_ORDER, None, ready.tracking)
        key = track_key(order, write)
        before = order.intents.get(key)
        if before is None or before.state is not IntentState.APPLIED:
            return attempt(order, key, write, now)
    units = {line.line_id: line.wanted for line in order.lines if line.wanted}
    return attempt(order, order.key(Kind.SHIP, WHOLE_ORDER), ShipOrder(units, ready.tracking), now)


def _telling(order: DispatchFacts) -> ParcelFacts:
    """The parcel whose tracking the order shows."""
    left = departed(order)
    return next((parcel for parcel in reversed(left) if parcel.followable), left[-1])
