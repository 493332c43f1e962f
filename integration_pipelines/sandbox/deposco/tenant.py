"""The door of a sandbox Deposco tenant: allowance, which generation is meant, and the acts of its people.

A plain object that answers a request value. Paths: `/oauth2/token`, `/latest/…` and `/beta/…` (V2),
`/integration/{code}/…` (V1). Each generation has a door of its own with its routes.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from integration_pipelines.clock import Clock
from integration_pipelines.sandbox.catalogue import Product
from integration_pipelines.sandbox.deposco import lifecycle, return_lifecycle, returns_desk, stock
from integration_pipelines.sandbox.deposco.house import House
from integration_pipelines.sandbox.deposco.quota import Allowance
from integration_pipelines.sandbox.deposco.records import CANCELLABLE, ON_FLOOR, Order, Status
from integration_pipelines.sandbox.deposco.settings import DeposcoSettings
from integration_pipelines.sandbox.deposco.staff import Staff
from integration_pipelines.sandbox.deposco.tokens import Doorkeeper
from integration_pipelines.sandbox.deposco.truth import house_truth, order_truth, shelves_of
from integration_pipelines.sandbox.deposco.v1 import door as v1_door
from integration_pipelines.sandbox.deposco.v2 import door as v2_door
from integration_pipelines.sandbox.oversold import Shelves
from integration_pipelines.sandbox.wire import Answer, Request, json_answer

TOKEN_OPERATION = "POST /oauth2/token"  # noqa: S105 (a path, not a secret)


class DeposcoTenant:
    """One tenant environment with its people, on the given clock; the same seed and calls, the same answers.

    Attributes:
        settings: how it behaves, with its buildings.
        key: the account's name in the sandbox.
    """

    def __init__(
        self, settings: DeposcoSettings, products: Sequence[Product], clock: Clock, random: Random
    ) -> None:
        self._clock = clock
        self.settings = settings
        seed = random.getrandbits(64)
        self._house = House(settings, seed, clock.now())
        for product in products:
            self._house.add_product(product)
        self._staff = Staff(self._house)
        self._doorkeeper = Doorkeeper(settings, Random(f"{seed}/door"))
        self._allowance = Allowance(settings.burst, settings.rate_per_second, clock.now())
        self._moods = Random(f"{seed}/moods")
        self._calls: Counter[str] = Counter()
        self.key = settings.key

    @property
    def credentials(self) -> dict[str, Any]:
        """What a client must know, paths below the base path; `refresh_token` is the one that is good now."""
        door = self._doorkeeper
        return {
            "client_id": door.client_id,
            "client_secret": door.client_secret,
            "refresh_token": door.refresh_token,
            "user": door.user,
            "password": door.password,
            "business_unit": self.settings.business_unit,
            "company_code": self.settings.company_code,
            "token_path": "/oauth2/token",
            "v2_path": "/latest",
            "v1_path": f"{v1_door.PREFIX}{self.settings.company_code}",
        }

    def answer(self, request: Request) -> Answer:
        """Carry out one request at the clock's present moment."""
        self.catch_up(self._clock.now())
        operation = self.operation_of(request)
        if operation == TOKEN_OPERATION:
            self._calls[operation] += 1
            return self._doorkeeper.token_answer(request, self._house.at)
        if not self._allowance.admits(self._house.at) and self.settings.enforcement == "on":
            return self._allowance.refusal()
        self._calls[operation] += 1
        mood = self._moods.random()  # one number per request, whatever comes of it
        if request.path.startswith(v1_door.PREFIX):
            blank = mood < self.settings.answers.blank_share
            return v1_door.answer(self._house, self._doorkeeper, request, blank=blank)
        if request.path.startswith(v2_door.PREFIXES):
            in_use = mood < self.settings.answers.in_use_share
            return v2_door.answer(self._house, self._doorkeeper, request, in_use=in_use)
        return json_answer(404, {"errorMessages": [f"Nothing at {request.path}"]})

    def catch_up(self, now: datetime) -> None:
        """Let the people do what was due until `now`."""
        self._staff.catch_up(now)

    def truth(self) -> dict[str, Any]:
        """What really happened; see `truth.py`. `quota_breaches` counts requests beyond the allowance."""
        self.catch_up(self._clock.now())
        return {
            **house_truth(self._house),
            "calls": dict(sorted(self._calls.items())),
            "quota_breaches": self._allowance.breaches,
            "tokens_issued": self._doorkeeper.issued,
        }

    def shelves(self) -> Shelves:
        """What it had for the customers of its marketplaces."""
        self.catch_up(self._clock.now())
        return shelves_of(self._house)

    def operation_of(self, request: Request) -> str:
        """The operation's name for call counts, such as `V2 GET /orders/salesOrders/{}`."""
        if request.path.startswith(v1_door.PREFIX):
            _, path = v1_door.split(request.path)
            return f"V1 {request.method} {v1_door.route(request.method, path)[0]}"
        if request.path.startswith(v2_door.PREFIXES):
            return f"V2 {request.method} {v2_door.route(request.path)[1]}"
        return f"{request.method} {request.path}"

    def order_numbered(self, number: str) -> dict[str, Any] | None:
        """The truth about the order with exactly this number."""
        self.catch_up(self._clock.now())
        order = self._house.order_by_number.get(number)
        return None if order is None else order_truth(self._house, order)

    def add_product(self, product: Product) -> None:
        """Somebody creates the item in the web app."""
        self.catch_up(self._clock.now())
        self._house.add_product(product)

    def set_stock(self, sku: str, facility: str, units: int) -> None:
        """A recount: `units` are on the shelf there.

        Raises:
            KeyError: no item has exactly this number, or there is no such facility.
        """
        self.catch_up(self._clock.now())
        stock.recount(self._house, self._house.item_by_number[sku], self._house.facilities[facility], units)

    def block_stock(self, sku: str, facility: str, units: int) -> None:
        """Of what is on the shelf there, `units` are damaged: on hand, and not to be promised.

        Raises:
            KeyError: no item has exactly this number, or there is no such facility.
        """
        self.catch_up(self._clock.now())
        stock.block(self._house.item_by_number[sku], self._house.facilities[facility], units)

    def expire_tokens(self) -> None:
        """Every access token is refused from now on, whatever its age."""
        self._doorkeeper.revoke_access()

    def cancel_as_staff(self, number: str) -> None:
        """A person cancels the order in the web app; like the API, only until its wave.

        Raises:
            ValueError: the floor has it, or it is over.
        """
        lifecycle.cancel(self._house, self._open_order(number, CANCELLABLE), by_staff=True)

    def hold_as_staff(self, number: str) -> None:
        """A person puts the order on hold."""
        self._set_aside(number, Status.HOLD)

    def review_as_staff(self, number: str) -> None:
        """A person parks the order in Review; somebody repairs it after a while."""
        self._set_aside(number, Status.REVIEW)

    def release_as_staff(self, number: str) -> None:
        """Hold or Review is over; the order is New again."""
        order = self._open_order(number, (Status.HOLD, Status.REVIEW))
        order.header.setdefault("shipVia", self.settings.ship_vias[0])
        self._house.set_status(order, Status.NEW)

    def on_floor(self, reference: str) -> str | None:
        """Number of the order that carries `reference`, while the floor may send it and has not."""
        waiting = (order for order in self._house.orders.values() if order.status in ON_FLOOR)
        return next((order.number for order in waiting if order.carries(reference)), None)

    def ship_as_staff(
        self, number: str, *, partly: bool = False, tracking_later: timedelta | None = None
    ) -> None:
        """A person ships at once what the floor has of the order, or half of it.

        Args:
            tracking_later: the tracking number is known so much later.

        Raises:
            ValueError: it is not on the floor.
        """
        order = self._open_order(number, ON_FLOOR)
        self._staff.ship(order, partly=partly, tracking_later=tracking_later)

    def park_on_arrival(self, reference: str, status: Status) -> None:
        """People hold (`Hold`) or review (`Review`) the order that carries `reference` once it is New.

        Args:
            reference: such as the marketplace's order id, in whatever field the client writes it.
        """
        self._staff.remember(reference, Status.NEW, lambda order: self._house.set_status(order, status))

    def on_release(self, reference: str, act: Callable[[datetime], object]) -> None:
        """Call `act` with the moment at which the wave of the order that carries `reference` is released."""
        self._staff.remember(reference, Status.RELEASED, lambda order: act(order.updated_at))

    def ship_together_as_staff(self, *numbers: str) -> None:
        """A person ships what the floor has of several orders in one parcel.

        Raises:
            ValueError: one of them is not on the floor.
        """
        self._staff.ship_together([self._open_order(number, ON_FLOOR) for number in numbers])

    def send_back(
        self, reference: str, units: Mapping[str, int], arrives_at: datetime, *, damaged: bool = False
    ) -> None:
        """A customer sends these units by SKU back; the desk receives them then, announced or not.

        Args:
            reference: on the slip in the box; where no order carries it, the desk has none to write down.
            units: goods that are no item of the tenant are put aside.
        """
        self.catch_up(self._clock.now())
        live = (one for one in reversed(self._house.orders.values()) if one.status != Status.CANCELED)
        order = next((one for one in live if one.carries(reference)), None)
        known = {sku: count for sku, count in units.items() if sku in self._house.item_by_number}
        box = returns_desk.Box(order.id if order else None, None, known, damaged)
        self._staff.send_back(box, arrives_at)

    def receive_as_staff(
        self, return_number: str, units: Mapping[str, int], damaged: Mapping[str, int] | None = None
    ) -> None:
        """A person counts these units by SKU on the return at once; some of them are damaged.

        Raises:
            KeyError: no return has the number, or no item the SKU.
        """
        self.catch_up(self._clock.now())
        returns_desk.receive(self._house, self._house.return_by_number[return_number], units, damaged or {})

    def cancel_return_as_staff(self, return_number: str) -> None:
        """A person cancels a return that nothing has come of.

        Raises:
            KeyError: no return has the number.
            RefusalError: its status does not allow it.
        """
        self.catch_up(self._clock.now())
        return_lifecycle.cancel(self._house, self._house.return_by_number[return_number])

    def roll_back_as_staff(self, number: str) -> None:
        """A person un-ships the order's last parcel; the floor loads it again after a while.

        Raises:
            ValueError: no parcel of it has left.
        """
        self._staff.roll_back(self._open_order(number, (Status.PARTIALLY_SHIPPED, Status.SHIP_COMPLETE)))

    def _set_aside(self, number: str, status: Status) -> None:
        order = self._open_order(number, CANCELLABLE)
        stock.give_back(self._house, order)
        self._house.set_status(order, status)

    def _open_order(self, number: str, allowed: Sequence[Status]) -> Order:
        self.catch_up(self._clock.now())
        order = self._house.order_by_number[number]
        if order.status not in allowed:
            raise ValueError(f"Order {number} is {order.status}; people cannot do that to it any more.")
        return order
