"""Returns of one shop, from the customer's request to their end.

    WAITING_ACCEPTANCE → IN_PROGRESS → RECEIVED → CLOSED
    and REFUSED (by the shop), NO_RECEPTION (the operator gave up waiting), CANCELED (by the shop)

Every return draws from a random stream of its own order, so no call of any client changes what customers
do. Surprising: goods of a RETURNLESS return stay with the customer, so it never becomes RECEIVED by itself
and never NO_RECEPTION.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

from integration_pipelines.sandbox.agenda import Act, Agenda
from integration_pipelines.sandbox.business import MarketplaceSettings
from integration_pipelines.sandbox.mirakl.carriers import Carriers, Tracking
from integration_pipelines.sandbox.mirakl.customer_return import (
    BY_MAIL,
    CLOSED,
    IN_PROGRESS,
    METHODS,
    NO_RECEPTION,
    OPEN,
    REASONS,
    RECEIVED,
    REFUSED,
    RETURNLESS,
    VOID,
    WAITING_ACCEPTANCE,
    CustomerReturn,
    ReturnLine,
)
from integration_pipelines.sandbox.mirakl.dates import to_milliseconds
from integration_pipelines.sandbox.mirakl.dispatch import Dispatch
from integration_pipelines.sandbox.mirakl.order import MarketplaceOrder, OrderLine
from integration_pipelines.sandbox.mirakl.refunds import RETURNED_REASON, Refunds

_AUTOMATIC_SECONDS = 1


class Returns:
    """Keeps the returns and moves them along.

    Attributes:
        by_id: every return, in the order of the requests.
        on_handed_over: told of goods that are on their way back, for the warehouses.
    """

    def __init__(
        self,
        settings: MarketplaceSettings,
        dispatch: Dispatch,
        refunds: Refunds,
        carriers: Carriers,
        agenda: Agenda,
        seed: str,
    ) -> None:
        self.by_id: dict[str, CustomerReturn] = {}
        self.on_handed_over: list[Callable[[CustomerReturn, datetime], None]] = []
        self._country = settings.country
        self._settings = settings.fulfilment
        self._dispatch = dispatch
        self._refunds = refunds
        self._carriers = carriers
        self._agenda = agenda
        self._seed = seed
        self._by_order: dict[str, list[CustomerReturn]] = {}
        self._ids = Random(f"{seed}/returns")
        self._labels = count(1337)
        dispatch.on_received.append(self._plan_request)
        dispatch.holds_open = lambda order: any(each.state in OPEN for each in self.of(order.order_id))

    def of(self, order_id: str) -> list[CustomerReturn]:
        return [*self._by_order.get(order_id, ())]

    def returnable(self, order: MarketplaceOrder, line: OrderLine) -> int:
        """Units that were sent and are in no return yet."""
        sent = sum(
            parcel.units(line.line_id)
            for parcel in self._dispatch.parcels.of(order.order_id)
            if parcel.shipped is not None
        )
        asked = sum(each.units(line.line_id) for each in self.of(order.order_id) if each.state not in VOID)
        return max(0, sent - asked)

    def request(
        self,
        order: MarketplaceOrder,
        lines: list[ReturnLine],
        now: datetime,
        *,
        method: str = BY_MAIL,
        reason: str = REASONS[0],
        accepted: bool | None = None,
        **known: Any,
    ) -> CustomerReturn:
        """A customer wants to send goods back, by themselves or through the shop (RT01).

        Args:
            accepted: force or forbid automatic acceptance; None leaves it to the operator's setting.
            known: further fields of `CustomerReturn`.
        """
        return_id = str(UUID(int=self._ids.getrandbits(128), version=4))
        moment = to_milliseconds(now)
        asked = CustomerReturn(
            return_id, order, lines, method, reason, _address(self._country), moment, moment, **known
        )
        asked.history.append((now, asked.state))
        self.by_id[return_id] = asked
        self._by_order.setdefault(order.order_id, []).append(asked)
        if accepted:
            self.accept(asked, now)
        elif accepted is None and self._settings.automatic_returns:
            self._after(now, _AUTOMATIC_SECONDS, lambda due: self._accept_automatically(asked, due))
        return asked

    def accept(self, asked: CustomerReturn, now: datetime) -> None:
        """The goods may come back: a label is made, and the customer sends them some time later."""
        self.move(asked, IN_PROGRESS, now)
        if asked.method == RETURNLESS:
            return
        if asked.label_url is None:
            asked.label_url = f"https://operator.example/labels/{asked.return_id}.pdf"
            asked.label_document = next(self._labels)
        random = Random(f"{self._seed}/sending/{asked.order.order_id}/{len(self.of(asked.order.order_id))}")
        self._after(now, self._settings.no_reception_seconds, lambda due: self._give_up(asked, due))
        by_habit = random.random() >= self._settings.never_sent_share
        if by_habit if asked.packed is None else asked.packed:
            seconds = random.uniform(*self._settings.send_back_seconds)
            carrier = random.choice(sorted(self._carriers.by_code))
            number = f"RET{random.randrange(10**10):010d}"
            self._after(now, seconds, lambda due: self._hand_over(asked, carrier, number, due))

    def refuse(self, asked: CustomerReturn, rejection: str | None, now: datetime) -> None:
        asked.rejection = rejection
        self.move(asked, REFUSED, now)

    def close(self, asked: CustomerReturn, now: datetime) -> None:
        """The shop is done with it; where the operator pays for compliant goods, it does so now."""
        self.move(asked, CLOSED, now)
        if not self._settings.refunds_compliant_returns:
            return
        for returned in asked.lines:
            line = asked.order.line(returned.line_id)
            if returned.compliant and line is not None:
                units = returned.quantity
                self._refunds.pay_as_operator(asked.order, line, now, units=units, reason=RETURNED_REASON)

    def move(self, asked: CustomerReturn, state: str, now: datetime) -> None:
        asked.state = state
        self.changed(asked, now)
        asked.history.append((now, state))

    def changed(self, asked: CustomerReturn, now: datetime) -> None:
        asked.updated = to_milliseconds(now)

    def truth(self) -> dict[str, Any]:
        return {return_id: each.truth() for return_id, each in self.by_id.items()}

    def received_units(self, order: MarketplaceOrder, line: OrderLine) -> int:
        """Units that the shop reported as received."""
        received = {RECEIVED, CLOSED}
        return sum(each.units(line.line_id) for each in self.of(order.order_id) if each.state in received)

    def _plan_request(self, order: MarketplaceOrder, now: datetime) -> None:
        random = Random(f"{self._seed}/returning/{order.order_id}")
        if not self._settings.returns or random.random() >= self._settings.return_share:
            return
        seconds = random.uniform(*self._settings.return_after_seconds)
        self._after(now, seconds, lambda due: self._request_some(order, random, due))

    def _request_some(self, order: MarketplaceOrder, random: Random, now: datetime) -> None:
        able = [(line, self.returnable(order, line)) for line in order.lines]
        able = [(line, units) for line, units in able if units]
        if not able:
            return
        chosen = random.sample(able, random.randint(1, len(able)))
        reason = random.choice(REASONS)
        lines = [ReturnLine(line.line_id, random.randint(1, units), reason) for line, units in chosen]
        returnless = random.random() < self._settings.returnless_share
        method = RETURNLESS if returnless else random.choice(METHODS[:-1])
        self.request(order, lines, now, method=method, reason=reason)

    def _accept_automatically(self, asked: CustomerReturn, now: datetime) -> None:
        if asked.state == WAITING_ACCEPTANCE:
            self.accept(asked, now)

    def _hand_over(self, asked: CustomerReturn, code: str, number: str, now: datetime) -> None:
        if asked.state != IN_PROGRESS:
            return
        asked.handed_over = now
        carrier = self._carriers.by_code.get(code)
        if asked.tracking is None and carrier is not None:
            asked.tracking = Tracking(code, carrier.label, None, number, carrier.address(number))
        self.changed(asked, now)
        for tell in self.on_handed_over:
            tell(asked, now)

    def _give_up(self, asked: CustomerReturn, now: datetime) -> None:
        if asked.state == IN_PROGRESS:
            self.move(asked, NO_RECEPTION, now)

    def _after(self, now: datetime, seconds: float, act: Act) -> None:
        self._agenda.add(now + timedelta(seconds=seconds), act)


def units_of(quantities: Mapping[str, int], reason: str = REASONS[0]) -> list[ReturnLine]:
    """Lines of a return: order line id → units."""
    return [ReturnLine(line_id, units, reason) for line_id, units in quantities.items()]


def _address(country: str) -> dict[str, Any]:
    """Where goods are sent back to, unless the shop says otherwise (RT04)."""
    return {
        "city": "Sample City",
        "country_iso_code": country,
        "state": None,
        "street1": "10 Warehouse Way",
        "street2": None,
        "zip_code": "12345",
    }
