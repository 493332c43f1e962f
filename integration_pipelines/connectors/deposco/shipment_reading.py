"""From Deposco's shipment to neutral parcels: one per box and order (Deposco §12). Pure.

Boxes are told apart only where their contents are told and add up to what the shipment says; otherwise the
shipment is one parcel of several boxes, and says so. A line is the marketplace's where the shipment carries
its id; the SKU alone identifies nothing here.

Surprising: the parcel's id is the shipment's number, with the box's behind it only where there are several,
so a shipment that is divided afterwards changes its ids: what counts is how many units of a line have left.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from integration_pipelines.connectors.deposco.payloads import (
    OutboundShipment,
    Pack,
    ShipmentLine,
    ShipmentOrder,
    ShippedContainer,
    ShippedContainerLine,
    may_be_cut,
)
from integration_pipelines.connectors.deposco.reading import status_key, units_of
from integration_pipelines.warehouse import Parcel, ParcelLine, ParcelState

_STATES = {
    "new": ParcelState.PREPARED,
    "shipping": ParcelState.PREPARED,
    "shipped": ParcelState.SHIPPED,
    "rolledback": ParcelState.WITHDRAWN,
}


@dataclass(frozen=True, slots=True)
class OrderNames:
    """What references by id alone mean: order id → number, and order line id → number of its order."""

    numbers: Mapping[str, str] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Units:
    """Units of one order line in the shipment; `external` is how its boxes may name the line."""

    order: str
    line_id: str | None
    sku: str
    external: str
    count: int
    box: ShippedContainer | None = None


@dataclass(frozen=True, slots=True)
class _Box:
    key: str
    tracking: tuple[str, ...]  # the first one is the parcel's, others are more numbers of the same goods
    state: ParcelState
    contents: tuple[_Units, ...]
    undivided: bool = False


SkuOf = Callable[[ShipmentLine | ShippedContainerLine], str]


def to_parcels(
    shipment: OutboundShipment,
    raw: Mapping[str, Any],
    *,
    store: str,
    states: Mapping[str, ParcelState],
    names: OrderNames,
    sku_of: SkuOf,
    order_key: Callable[[str, str | None], str | None],
) -> list[Parcel]:
    """What each order of the shipment has in each of its boxes.

    Args:
        raw: the answer it was read from, with all lines.
        store: code of the business unit.
        states: the tenant's own statuses.
        sku_of: the item number of a line; "" where it names none.
        order_key: the key of an order in this account, from its number and id.

    Raises:
        ValueError: it does not say for which orders it is, or how many units of what left.
    """
    number = shipment.number or shipment.id
    if not number:
        raise ValueError("the shipment has neither number nor id")
    state = parcel_state(shipment.status, states)
    orders = _orders(shipment, names)
    contents = list(_contents(shipment, state, orders, names, sku_of))
    for units in contents:
        orders.setdefault(units.order, None)
    if not orders:
        raise ValueError("the shipment does not say for which order it is")
    boxes = _boxes(shipment, raw, state, contents, states, sku_of)
    return [
        Parcel(
            id=f"{number}/{box.key}" if len(boxes) > 1 else number,
            order_number=order,
            order_id=order_key(order, order_id),
            store=store,
            state=box.state,
            raw_status=shipment.status,
            carrier=shipment.ship_vendor,
            service=shipment.ship_via or shipment.ship_method,
            tracking_number=box.tracking[0] if box.tracking else None,
            tracking_url=_url(shipment.tracking_url, box.tracking),
            shipped_at=shipment.shipped_at,
            lines=_lines(order, box),
            also_named=tuple(filter(None, [shipment.handling_instructions])),  # a SCAC (Deposco §12.1)
            more_tracking_numbers=box.tracking[1:],
            undivided=box.undivided,
            raw=raw,
        )
        for order, order_id in orders.items()
        for box in boxes
        if not box.contents or any(units.order == order for units in box.contents)
    ]


def parcel_state(status: str, own: Mapping[str, ParcelState]) -> ParcelState:
    """The neutral state; `own` are the tenant's own statuses and win."""
    key = status_key(status)
    named = {status_key(name): state for name, state in own.items()}
    return named.get(key) or _STATES.get(key, ParcelState.UNKNOWN)


def _orders(shipment: OutboundShipment, names: OrderNames) -> dict[str, str | None]:
    """Number → id of the orders that it names."""
    found: dict[str, str | None] = {}
    for order in shipment.order_headers:
        number = order.number or names.numbers.get(order.id or "")
        if number is None:
            raise ValueError("an order of the shipment is named by an id that nothing is known of")
        found[number] = order.id
    return found


def _contents(
    shipment: OutboundShipment,
    state: ParcelState,
    orders: Mapping[str, str | None],
    names: OrderNames,
    sku_of: SkuOf,
) -> Iterator[_Units]:
    nested = [(line, order) for order in shipment.order_headers for line in order.lines]
    for line, order in [*nested, *((line, None) for line in shipment.shipment_lines)]:
        count = _count(line.shipped_pack_quantity, line.pack)
        if count is None:
            if state is ParcelState.SHIPPED:
                raise ValueError(f"line {line.number or line.id} does not say how many units left")
            continue
        if count == 0:
            continue  # planned, not shipped; a label of such lines alone has no units
        line_id = line.customer_line_number or line.import_reference or line.external_line_number or None
        sku = sku_of(line)
        if not sku and line_id is None:
            raise ValueError(f"line {line.number or line.id} says neither its item nor its order line")
        owner = _owner(line, order, orders, names)
        yield _Units(owner, line_id, sku, line.external_line_number, count, _named_box(line))


def _owner(
    line: ShipmentLine, order: ShipmentOrder | None, orders: Mapping[str, str | None], names: OrderNames
) -> str:
    if order is not None and order.number:
        return order.number
    if line.order_line is not None:
        said = line.order_line.key("orderHeader.number") or names.owners.get(line.order_line.id or "")
        if said:
            return said
    if len(orders) == 1:
        return next(iter(orders))
    raise ValueError(f"line {line.number or line.id} does not say of which order of the shipment it is")


def _named_box(line: ShipmentLine) -> ShippedContainer | None:
    """V1 names the box, or at least its tracking number, on the line."""
    if line.container is None and not line.tracking_number:
        return None
    box = line.container or ShippedContainer()
    return box.model_copy(update={"tracking_number": line.tracking_number or box.tracking_number})


def _boxes(
    shipment: OutboundShipment,
    raw: Mapping[str, Any],
    state: ParcelState,
    contents: Sequence[_Units],
    states: Mapping[str, ParcelState],
    sku_of: SkuOf,
) -> list[_Box]:
    if any(units.box for units in contents):
        return _boxes_of_lines(shipment, state, contents)
    containers = shipment.shipped_containers
    told = [_told_contents(box, contents, sku_of) for box in containers]
    live = [box for box in containers if parcel_state(box.status, states) is not ParcelState.WITHDRAWN]
    cut = may_be_cut(raw.get("shippedContainers"))
    if len(containers) > 1 and not cut and _add_up(containers, live, told, contents):
        return [
            _Box(
                _key(box) or str(place),
                _numbers(box.tracking_number, box.tracking_number_2),
                state if box in live else ParcelState.WITHDRAWN,
                tuple(inside or ()),
            )
            for place, (box, inside) in enumerate(zip(containers, told, strict=True), 1)
        ]
    numbers = [number for box in live for number in (box.tracking_number, box.tracking_number_2)]
    ours = _numbers(*numbers, shipment.tracking_number)
    if len(containers) > 1:  # none of the boxes is the parcel: the shipment's own number goes first
        ours = _numbers(shipment.tracking_number, *numbers)
    gone = state if live or not containers else ParcelState.WITHDRAWN
    return [_Box("", ours, gone, tuple(contents), undivided=cut or len(live) > 1)]


def _boxes_of_lines(shipment: OutboundShipment, state: ParcelState, contents: Sequence[_Units]) -> list[_Box]:
    """V1: the lines say in which box they are; those that do not are in the shipment's own."""
    grouped: dict[tuple[str, tuple[str, ...]], list[_Units]] = {}
    for units in contents:
        box = units.box or ShippedContainer()
        tracking = _numbers(box.tracking_number or shipment.tracking_number, box.tracking_number_2)
        grouped.setdefault((_key(box), tracking), []).append(units)
    return [
        _Box(key or "/".join(tracking) or "-", tracking, state, tuple(inside))
        for (key, tracking), inside in grouped.items()
    ]


def _told_contents(box: ShippedContainer, contents: Sequence[_Units], sku_of: SkuOf) -> list[_Units] | None:
    """What the box says it holds, as units of order lines; None where it does not say it clearly."""
    inside: list[_Units] = []
    for line in box.shipped_container_lines:
        count, sku = _count(line.shipped_pack_quantity, line.pack), sku_of(line)
        named = [one for one in contents if one.external and one.external == line.external_line_number]
        alike = named or [one for one in contents if one.sku == sku]
        orders, line_ids = {one.order for one in alike}, {one.line_id for one in alike}
        if count is None or len(orders) != 1:
            return None
        line_id = line_ids.pop() if len(line_ids) == 1 else None
        inside.append(_Units(orders.pop(), line_id, sku or alike[0].sku, "", count))
    return inside


def _add_up(
    containers: Sequence[ShippedContainer],
    live: Sequence[ShippedContainer],
    told: Sequence[list[_Units] | None],
    contents: Sequence[_Units],
) -> bool:
    """Whether the boxes, rolled back ones left out or not, hold exactly what the shipment says."""
    if any(inside is None for inside in told):
        return False
    shipped = _by_sku(contents)
    pairs = list(zip(containers, told, strict=True))
    inside_live = [one for box, inside in pairs if box in live for one in inside or ()]
    inside_all = [one for _, inside in pairs for one in inside or ()]
    return shipped in (_by_sku(inside_live), _by_sku(inside_all))


def _by_sku(contents: Sequence[_Units]) -> Counter[tuple[str, str]]:
    counted: Counter[tuple[str, str]] = Counter()
    for units in contents:
        counted[units.order, units.sku] += units.count
    return counted


def _lines(order: str, box: _Box) -> tuple[ParcelLine, ...]:
    return tuple(
        ParcelLine(units.line_id, units.sku, units.count) for units in box.contents if units.order == order
    )


def _count(quantity: Decimal | None, pack: Pack | None) -> int | None:
    return None if quantity is None else units_of(quantity * (pack.units if pack else 1))


def _key(box: ShippedContainer) -> str:
    return box.lpn_number or box.number


def _numbers(*texts: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.strip() for text in texts if text.strip()))


def _url(url: str, tracking: tuple[str, ...]) -> str:
    """The address is often a prefix to which the number belongs (Deposco §12.1)."""
    if not url or not tracking:
        return ""
    return url if tracking[0] in url else f"{url}{tracking[0]}"
