"""A Deposco account whose other side is scripted call by call."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx

from integration_pipelines.config.deposco import (
    V1,
    Capabilities,
    DeposcoProfile,
    Generation,
    OrderDefaults,
    Rendering,
)
from integration_pipelines.connectors.deposco.client import DeposcoClient
from integration_pipelines.connectors.deposco.warehouse import DeposcoWarehouse
from integration_pipelines_tests.connectors.doors import Door, Reaction, answer, door

V1_ONLY = Capabilities(orders=Generation.V1, items=Generation.V1, shipments=Generation.V1)
NAMESPACE = "http://integration.deposco.com/order"


def scripted(
    reactions: list[Reaction] | Callable[[httpx.Request], Reaction],
    generation: Generation = Generation.V2,
    *,
    rendering: Rendering = Rendering.XML,
    v1: Mapping[str, Any] | None = None,
    **options: Any,
) -> tuple[DeposcoWarehouse, Door]:
    """The port over one door that serves the generation."""
    other_side = door(reactions, base_url="https://deposco.example")
    profile = DeposcoProfile(
        business_unit="ACME",
        capabilities=options.pop("capabilities", V1_ONLY if generation is Generation.V1 else Capabilities()),
        v1=V1(rendering=rendering, **(v1 or {})),
        orders=options.pop("orders", OrderDefaults(ship_via="Standard", look_before_create=False)),
        **options,
    )
    client = DeposcoClient("depot", profile, v2=other_side.transport, v1=other_side.transport)
    return DeposcoWarehouse("depot", client, other_side.clock), other_side


def page(*rows: Any, **more: Any) -> httpx.Response:
    """A V2 list that is complete unless `more` says otherwise."""
    return answer(200, {"data": list(rows), "complete": True, **more})


def line(number: int = 1, sku: str = "MUG", units: Any = 2.0, **more: Any) -> dict[str, Any]:
    return {
        "self": {"id": 700 + number},
        "lineNumber": f"AL-7-{number}",
        "customerLineNumber": f"AL-7-L{number}",
        "item": {"id": 501, "businessKey": {"number": sku, "businessUnit.code": "ACME"}},
        "orderPackQuantity": units,
        **more,
    }


def order(order_id: int = 9001, *lines: Any, complete: bool | None = True, **more: Any) -> dict[str, Any]:
    """A V2 sales order as it really comes: id in `self`, offsets, decimals."""
    return {
        "self": {"id": order_id},
        "businessUnit": {"id": 1, "businessKey": {"code": "ACME"}},
        "number": "AL-7",
        "orderStatus": "New",
        "orderSource": "Mirakl",
        "customerOrderNumber": "AL-7-A",
        "orderLines": {"data": list(lines) or [line()], "complete": complete},
        "createdDate": "2026-03-02T02:30:00-05:00",
        "updatedDate": "2026-03-02T02:31:00.250-05:00",
        **more,
    }


def xml(body: str, status: int = 200) -> httpx.Response:
    return httpx.Response(status, content=body.encode(), headers={"content-type": "application/xml"})


def xml_orders(*numbers: str, units: str = "2.0") -> httpx.Response:
    """A V1 search answer."""
    orders = "".join(
        f"<order><businessUnit>ACME</businessUnit><number>{number}</number><type>Sales Order</type>"
        f"<status>New</status><customerOrderNumber>AL-7-A</customerOrderNumber><orderLines><orderLine>"
        f"<lineNumber>1</lineNumber><orderPackQuantity>{units}</orderPackQuantity><itemNumber>MUG</itemNumber>"
        f"</orderLine></orderLines></order>"
        for number in numbers
    )
    return xml(f'<ns2:orders xmlns:ns2="{NAMESPACE}">{orders}</ns2:orders>')


def batch(*results: Mapping[str, Any]) -> httpx.Response:
    """A V1 207 with a status per record."""
    return answer(207, {"multistatus": {"response": list(results)}})
