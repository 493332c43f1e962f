"""A sandbox Deposco tenant with our side of the door, for every profile that a customer may have."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any
from urllib.parse import parse_qsl

from integration_pipelines.clock import ManualClock
from integration_pipelines.config.deposco import (
    V1,
    V2,
    Capabilities,
    DeposcoProfile,
    Generation,
    OAuth,
    OrderDefaults,
    Rendering,
)
from integration_pipelines.connectors.calls import CallCounter
from integration_pipelines.connectors.deposco.accounts import BasicSecrets, DeposcoSecrets, open_deposco
from integration_pipelines.connectors.deposco.tokens import MemoryTokenStore, OAuthSecrets
from integration_pipelines.connectors.deposco.warehouse import DeposcoWarehouse
from integration_pipelines.connectors.http import Authority, InProcessTransport, Transport
from integration_pipelines.connectors.quotas import DEPOSCO, Budgets
from integration_pipelines.sandbox.catalogue import Product
from integration_pipelines.sandbox.deposco.settings import DeposcoSettings
from integration_pipelines.sandbox.deposco.tenant import DeposcoTenant
from integration_pipelines.sandbox.wire import Answer, Request
from integration_pipelines.warehouse import Address, OrderRequest, RequestedLine

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # a Monday
HOST = "https://deposco.example"
SKUS = ("MUG", "LAMP", "BIG MUG", "A/B-1", *(f"S-{number}" for number in range(12)))

V2_WITH_V1_STOCK = Capabilities()
V1_ONLY = Capabilities(orders=Generation.V1, items=Generation.V1, shipments=Generation.V1)
PROFILES: Mapping[str, tuple[Capabilities, Rendering]] = {
    "v2": (V2_WITH_V1_STOCK, Rendering.XML),
    "v1-xml": (V1_ONLY, Rendering.XML),
    "v1-json": (V1_ONLY, Rendering.JSON),
}


@dataclass
class Account:
    """The tenant and the warehouse port that talks to it."""

    tenant: DeposcoTenant
    clock: ManualClock
    warehouse: DeposcoWarehouse
    calls: CallCounter
    sent: list[tuple[str, str, bytes]] = field(default_factory=list)
    lose: bool = False  # the next writes are carried out, their answers get lost
    blank_share: float = 0.0  # of reads that are answered by an empty 200

    def posts(self, path: str) -> list[bytes]:
        """Bodies of the POSTs to paths that end so."""
        return [body for method, target, body in self.sent if method == "POST" and target.endswith(path)]


def account(
    profile: str = "v2", settings: DeposcoSettings | None = None, stock: int = 50, **options: Any
) -> Account:
    """An account of that profile; `options` go into the `DeposcoProfile`, those of `v1` into its V1 door."""
    capabilities, rendering = PROFILES[profile]
    settings = settings or DeposcoSettings("depot")
    clock, calls, random, moods = ManualClock(START), CallCounter(), Random(5), Random(6)
    products = [
        Product(sku, sku.title(), Decimal("9.90"), f"04000{n:08}", stock) for n, sku in enumerate(SKUS)
    ]
    tenant = DeposcoTenant(settings, products, clock, random)
    keys = tenant.credentials
    budgets = Budgets({"depot": DEPOSCO})

    def answer(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        path, _, query = target.partition("?")
        made.sent.append((method, target, body))
        if method == "GET" and moods.random() < made.blank_share:
            return Answer(200)
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        answered = tenant.answer(Request(method, path, pairs, dict(headers), body))
        return answered.as_lost() if made.lose and method == "POST" and "oauth2" not in path else answered

    def door(
        base_url: str,
        credentials: Mapping[str, str],
        *,
        authority: Authority | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Transport:
        return Transport(
            "depot",
            base_url,
            credentials,
            clock=clock,
            random=Random(3),
            budgets=budgets,
            calls=calls,
            authority=authority,
            headers=headers,
            through=InProcessTransport(answer),
        )

    deposco = DeposcoProfile(
        business_unit=keys["business_unit"],
        company_code=keys["company_code"],
        capabilities=capabilities,
        v2=V2(base_url=f"{HOST}/latest", oauth=OAuth(token_url=f"{HOST}/oauth2/token")),
        v1=V1(base_url=f"{HOST}/integration/{{code}}", rendering=rendering, **options.pop("v1", {})),
        orders=options.pop("orders", OrderDefaults(ship_via="Standard", ship_vendor="DPD")),
        **options,
    )
    secrets = DeposcoSecrets(
        OAuthSecrets(keys["client_id"], keys["client_secret"], keys["refresh_token"]),
        BasicSecrets(keys["user"], keys["password"]),
    )
    store = MemoryTokenStore()
    warehouse = open_deposco("depot", deposco, secrets, door=door, tokens=store, clock=clock)
    made = Account(tenant, clock, warehouse, calls)
    return made


def request(number: str = "AL-7", *lines: tuple[str, int], **changes: Any) -> OrderRequest:
    """An order as the flow asks for it."""
    wanted = lines or (("MUG", 2), ("LAMP", 1))
    values: dict[str, Any] = {
        "number": number,
        "store": "ACME",
        "customer_id": None,
        "lines": tuple(
            RequestedLine(f"{number}-L{position}", "", sku, units, Decimal("19.90"))
            for position, (sku, units) in enumerate(wanted, 1)
        ),
        "currency": "EUR",
        "shipping_price": Decimal("4.90"),
        "total_price": Decimal("64.60"),
        "ship_to": Address(
            first_name="Ana",
            last_name="Muster",
            company="Muster AG",
            street_1="12 Rue Exemple",
            street_2="Etage 2",
            city="Lyon",
            postal_code="69001",
            country="FR",
            phone="+33100000000",
            email="relay-17@example.com",
        ),
        "released": True,
        "payment_reference": f"{number}-A",
        "note": "alpine order 7",
        "ship_by": datetime(2026, 3, 5, 22, 59, 59, tzinfo=UTC),
        "placed_at": datetime(2026, 3, 2, 7, 30, tzinfo=UTC),
    }
    return OrderRequest(**values | changes)
