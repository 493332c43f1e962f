"""Calls that dispatches and returns cost, against the least that the contracts allow.

The same customers are served three times: orders alone, dispatches as well, returns as well. What a flow adds
is what it costs. Reads that are spent whether or not anything happens (changes since …) are reported apart.

The least is added up from the sandbox's truth:

- An operator that takes several parcels: per parcel one ST01, and two ST11: one before, because ST01 is not
  idempotent and somebody may have told the parcel by hand (Mirakl §1.7), one after, which reads it back.
- One that takes whole orders: OR23 where there is a number, and OR24; what came of it, the next read of
  changed orders shows for nothing.
- Deposco: one read of the lines of each shipment that does not say whether it shows all of them (§4.1).
- A return: its announcement. At Deposco one look-up of its number, because a create is not idempotent, and
  one create; at Veeqo a note and a tag on the order. At Deposco one read of receipts per line that came.
- A refund: one read of its order before (Mirakl §7), one OR28; the next read of changed orders shows it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from benchmarks.rows import Goal, Row, row
from benchmarks.stage import Retailer, Stage
from integration_pipelines.rounds import Rounds
from integration_pipelines.sandbox.business import (
    QUIET_CUSTOMERS,
    Business,
    MarketplaceSettings,
    WarehouseAccount,
)
from integration_pipelines.sandbox.deposco import FloorPace
from integration_pipelines.sandbox.faults import FaultPlan

_SOON = (600.0, 1_800.0)  # what customers and carriers do takes minutes, so that a run stays short
_RETURNING = {
    "return_share": 0.5,
    "delivery_seconds": _SOON,
    "return_after_seconds": _SOON,
    "send_back_seconds": _SOON,
    "transit_seconds": _SOON,
    "returnless_share": 0.0,
    "never_sent_share": 0.0,
    "short_share": 0.0,
    "other_item_share": 0.0,
    "damaged_share": 0.0,
    "unasked_share": 0.0,
    "operator_refund_share": 0.0,
}
_POLLS = {"updated_at_min", "updatedAfter", "start_update_date", "return_last_updated_from", "updatedSince"}
# Spent by the hour or the day, or for tokens: whatever happens.
_STEADY = ("/shipping/carriers", "/oauth2/token", "/token")
_SHIPMENT_LINES = "/shipmentLines"
_NOT_ANNOUNCED = {"WAITING_ACCEPTANCE", "REFUSED"}


@dataclass(frozen=True, slots=True)
class Served:
    """One run: calls by (account's path, call), those that repeat themselves as `poll`; and the truth."""

    calls: Counter[tuple[str, str]]
    lines_read: Counter[str]
    truth: Mapping[str, Any]
    polls: int


def measure(stage: Stage, *, orders: int, hours: float, tell: Callable[[str], None]) -> list[Row]:
    """Rows for both kinds of operators, and for returns.

    Args:
        orders: how many customers order, all of them within a fifth of `hours`.
        hours: simulated; long enough for half of the goods to come back.
    """
    business = _business(orders, hours)
    served: list[Served] = []
    for flows in ((), ("dispatches",), ("dispatches", "returns")):
        tell(f"calls of {orders} orders: {', '.join(('orders', *flows))}")
        served.append(_serve(stage, business, flows, hours))
    alone, told, returned = served
    sides = {True: set[str](), False: set[str]()}
    for shop in business.marketplaces:
        warehouse = business.warehouse_of(shop.key).system
        sides[shop.fulfilment.multi_shipment] |= {f"mirakl/{shop.key}", warehouse}
    rows = []
    for several, name in ((True, "dispatches/calls_multi_parcel"), (False, "dispatches/calls_single_parcel")):
        shops = [shop.key for shop in business.marketplaces if shop.fulfilment.multi_shipment is several]
        dispatched = [order for order in _orders(told.truth, shops) if order["parcels"]]
        least = _least_of_dispatches(dispatched, several=several)
        if not several:
            least["shipment lines"] = len(told.lines_read)
        rows.append(
            _row(name, added_calls(alone, told, sides[several]), least, len(dispatched), "order", told.polls)
        )
    asked = _returns(returned.truth)
    least = _least_of_returns(returned.truth, business)
    added = added_calls(told, returned, sides[True] | sides[False])
    rows.append(_row("returns/calls_per_return", added, least, len(asked), "return", returned.polls))
    return rows


def _row(name: str, added: Counter[str], least: Counter[str], events: int, event: str, polls: int) -> Row:
    spent = ", ".join(f"{call} {count}" for call, count in added.most_common() if count)
    needed = ", ".join(f"{call} {count}" for call, count in least.items())
    return row(
        name,
        added.total() / max(1, events),
        least.total() / max(1, events),
        unit=f"calls/{event}",
        goal=Goal("at most", 1.0),
        note=f"{events} {event}s; {spent}; least: {needed}; reads of changes, whole run: {polls}",
    )


def _least_of_dispatches(orders: list[Mapping[str, Any]], *, several: bool) -> Counter[str]:
    parcels = [parcel for order in orders for parcel in order["parcels"]]
    if several:
        return Counter({"ST01": len(parcels), "ST11": 2 * len(parcels)})
    tracked = sum(any(parcel["tracking_number"] for parcel in order["parcels"]) for order in orders)
    return Counter({"OR23": tracked, "OR24": len(orders)})


def _least_of_returns(truth: Mapping[str, Any], business: Business) -> Counter[str]:
    least: Counter[str] = Counter()
    for shop in business.marketplaces:
        own = truth["marketplaces"][shop.key]
        announced = sum(each["state"] not in _NOT_ANNOUNCED for each in own["returns"].values())
        # Two calls each: number and create; note and tag.
        least["announcements"] += 2 * announced
        refunds = sum(len(order["refunds"]) for order in own["orders"].values())
        least["OR28"] += refunds
        least["OR11 of the order"] += refunds
        least["RE01"] += refunds > 0
    tenants = (truth["warehouses"][each.key] for each in business.warehouses if each.system == "deposco")
    returns = (back for tenant in tenants for back in tenant["returns"])
    least["receipts"] = sum(line["received"] > 0 for back in returns for line in back["lines"])
    return least


def _business(orders: int, hours: float) -> Business:
    plain = Business.demo(1, orders, FaultPlan.none(), ordering_hours=hours / 5)
    return replace(
        plain,
        habits=QUIET_CUSTOMERS,
        marketplaces=tuple(_with_returns(shop) for shop in plain.marketplaces),
        warehouses=tuple(_in_a_hurry(account) for account in plain.warehouses),
    )


def _with_returns(shop: MarketplaceSettings) -> MarketplaceSettings:
    return replace(shop, fulfilment=replace(shop.fulfilment, **_RETURNING))  # type: ignore[arg-type]


def _in_a_hurry(account: WarehouseAccount) -> WarehouseAccount:
    if account.tenant is None:
        return account
    return replace(account, tenant=replace(account.tenant, staff_pace=FloorPace(count_seconds=_SOON)))


def _serve(stage: Stage, business: Business, flows: tuple[str, ...], hours: float) -> Served:
    with stage.ledger() as ledger:
        retailer = Retailer.of(business, ledger, flows)
        for _ in Rounds(retailer.integration, retailer.clock).run(timedelta(hours=hours)):
            pass
        calls: Counter[tuple[str, str]] = Counter()
        lines_read: Counter[str] = Counter()
        for (method, target), count in retailer.others.targets.items():
            account, call = named_call(method, target)
            calls[account, call] += count
            if _SHIPMENT_LINES in target:
                lines_read[target] += count
        polls = sum(count for (_, call), count in calls.items() if call == "poll")
        return Served(calls, lines_read, retailer.sandbox.truth(), polls)


def named_call(method: str, target: str) -> tuple[str, str]:
    """The account's path and the call without its ids; `poll` for one that repeats itself."""
    parts = urlsplit(target)
    path = parts.path.strip("/").split("/")
    depth = 2 if path[0] == "mirakl" else 1
    account, rest = "/".join(path[:depth]), path[depth:]
    named = {name for name, _ in parse_qsl(parts.query)}
    if named & _POLLS or any(parts.path.endswith(each) for each in _STEADY):
        return account, "poll"
    words = "/".join("{}" if any(map(str.isdigit, word)) else word for word in rest)
    return account, f"{method} {words}"


def added_calls(before: Served, after: Served, accounts: set[str]) -> Counter[str]:
    """Calls that one run has more than the other, on these accounts."""
    added: Counter[str] = Counter()
    for key in before.calls.keys() | after.calls.keys():
        account, call = key
        if account in accounts and call != "poll":
            added[call] += after.calls[key] - before.calls[key]
    return added


def _orders(truth: Mapping[str, Any], shops: list[str]) -> Iterator[Mapping[str, Any]]:
    for shop in shops:
        yield from truth["marketplaces"][shop]["orders"].values()


def _returns(truth: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [each for shop in truth["marketplaces"].values() for each in shop["returns"].values()]
