"""What a family of operations is given (a `Shop` and a `Call`) and how it is found (a `Route`)."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import count
from random import Random
from typing import Any
from urllib.parse import unquote

from integration_pipelines.sandbox.agenda import Agenda
from integration_pipelines.sandbox.business import MarketplaceSettings
from integration_pipelines.sandbox.faults import NO_TWIST, ReadTwist
from integration_pipelines.sandbox.mirakl.book import OrderBook
from integration_pipelines.sandbox.mirakl.carriers import Carriers
from integration_pipelines.sandbox.mirakl.dispatch import Dispatch
from integration_pipelines.sandbox.mirakl.errors import ApiError, BadRequestError
from integration_pipelines.sandbox.mirakl.export_queue import OfferExports
from integration_pipelines.sandbox.mirakl.life import OrderLife
from integration_pipelines.sandbox.mirakl.offer_book import OfferBook
from integration_pipelines.sandbox.mirakl.refunds import Refunds
from integration_pipelines.sandbox.mirakl.return_life import Returns
from integration_pipelines.sandbox.mirakl.stock_imports import StockImports
from integration_pipelines.sandbox.wire import Answer, Request

_FIRST_REFUND_ID = 1130


@dataclass(slots=True)
class Shop:
    """One shop: its settings, its orders and offers, what becomes of them, and where new ids come from."""

    settings: MarketplaceSettings
    shop_id: int
    opened: datetime
    account_path: str
    book: OrderBook
    life: OrderLife
    agenda: Agenda
    random: Random
    offers: OfferBook
    imports: StockImports
    exports: OfferExports
    carriers: Carriers = field(init=False)
    dispatch: Dispatch = field(init=False)
    refunds: Refunds = field(init=False)
    returns: Returns = field(init=False)

    def __post_init__(self) -> None:
        # Streams of their own: what happens after the release changes nothing about orders.
        seed = f"{self.account_path}/{self.shop_id}"
        self.carriers = Carriers(self.settings.fulfilment)
        self.dispatch = Dispatch(self.settings, self.life, self.agenda, seed)
        self.refunds = Refunds(
            self.settings, self.life, self.dispatch, self.agenda, count(_FIRST_REFUND_ID), seed
        )
        self.returns = Returns(self.settings, self.dispatch, self.refunds, self.carriers, self.agenda, seed)

    def address(self, call: "Call", path: str) -> str:
        """The address of `path`, as this client reaches it."""
        return f"{call.request.origin}{self.account_path}{path}"


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way to an operation; `named` are the path's decoded parameters."""

    request: Request
    now: datetime
    named: tuple[str, ...] = ()
    twist: ReadTwist = NO_TWIST

    def json(self) -> Any:
        """The request's JSON body, numbers as `Decimal`; 415 and 400 as the vendor does."""
        kind = self.request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if not (kind.endswith("json") or kind in {"", "*/*", "application/octet-stream"}):
            raise ApiError(415, f"Content type '{kind}' is not supported.")
        try:
            return json.loads(self.request.body, parse_float=Decimal)
        except ValueError:
            raise BadRequestError("The request body is not readable JSON.", "VALIDATION_ERROR") from None


@dataclass(frozen=True, slots=True)
class Route:
    """An operation: vendor's code, method, path pattern below the account, and what answers it."""

    operation: str
    method: str
    path: re.Pattern[str]
    answer: Callable[[Shop, Call], Answer]


def route(operation: str, method: str, path: str, answer: Callable[[Shop, Call], Answer]) -> Route:
    """A `Route`; `{…}` in `path` is one parameter. An id sent unencoded may hold slashes (§13.1)."""
    pattern = re.sub(r"\{[a-z_]+\}", "(.+)", path)
    return Route(operation, method, re.compile(f"^{pattern}$"), answer)


def parameters(match: re.Match[str]) -> tuple[str, ...]:
    return tuple(unquote(part) for part in match.groups())
