"""A small client for the sandbox's Deposco tenant in tests: one tenant, one clock, requests as values."""

import json
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from integration_pipelines.clock import ManualClock
from integration_pipelines.sandbox import Sandbox
from integration_pipelines.sandbox.catalogue import Product
from integration_pipelines.sandbox.deposco import DeposcoSettings, DeposcoTenant, FloorPace
from integration_pipelines.sandbox.wire import Answer, Request

START = datetime(2026, 3, 10, 8, 0, tzinfo=UTC)  # a Tuesday, 09:00 in Paris
MUG = Product("MUG-BLU", "Mug blue", Decimal("19.90"), "4006381333931", 10)
LAMP = Product("LAMP/01", "Lamp", Decimal("45.00"), "4006381333948", 5)
STEADY = FloorPace(
    start_seconds=(60, 60),
    pick_seconds=(600, 600),
    pack_seconds=(300, 300),
    load_seconds=(300, 300),
    review_seconds=(7_200, 7_200),
    replenish_seconds=(1e7, 1e7),
    count_seconds=(600, 600),
)
CONTACT = {"firstName": "Ana", "lastName": "Muster", "phone": "+33100000000", "email": "r17@example.com"}
ADDRESS = {"line1": "12 Rue Exemple", "city": "Lyon", "postalCode": "69001", "country": "FR"}
XML_FIRST = "application/xml, application/json;q=0.9"
ORDERS = "/latest/orders/salesOrders"


class Caller:
    """Calls the tenant like an outside client and keeps its clock."""

    def __init__(self, *products: Product, seed: int = 7, **settings: Any) -> None:
        self.clock = ManualClock(START)
        defaults = DeposcoSettings(
            "deposco_main",
            access_token_seconds=1e9,
            enforcement="off",
            stale_read_seconds=0.0,
            staff_pace=STEADY,
        )
        chosen = replace(defaults, **settings)
        self.tenant = DeposcoTenant(chosen, products or (MUG, LAMP), self.clock, Random(seed))
        self.secrets = self.tenant.credentials
        self.bearer = ""
        self.v1 = self.secrets["v1_path"]

    def ask(self, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
        """One request as it is; `target` may carry a query whose values are already decoded."""
        path, _, query = target.partition("?")
        parts = [pair.partition("=") for pair in query.split("&") if pair]
        pairs = tuple((name, value) for name, _, value in parts)
        return self.tenant.answer(Request(method, path, pairs, headers, body))

    def token(self, grant: str = "refresh_token", *, in_header: bool = False, **form: str) -> Answer:
        """`POST /oauth2/token`."""
        fields = {"grant_type": grant, **form}
        headers: dict[str, str] = {}
        if grant == "refresh_token":
            fields.setdefault("refresh_token", self.secrets["refresh_token"])
        if in_header:
            headers["authorization"] = basic(self.secrets["client_id"], self.secrets["client_secret"])
        else:
            fields.setdefault("client_id", self.secrets["client_id"])
            fields.setdefault("client_secret", self.secrets["client_secret"])
        return self.ask("POST", "/oauth2/token", urlencode(fields).encode(), **headers)

    def v2(self, method: str, target: str, body: Any = None) -> Answer:
        """An authorised V2 request; the first one fetches a token."""
        if not self.bearer:
            self.bearer = json.loads(self.token().body)["access_token"]
        sent = b"" if body is None else json.dumps(body).encode()
        return self.ask(method, target, sent, authorization=f"Bearer {self.bearer}", host="tenant.example")

    def get(self, target: str) -> Any:
        """The JSON of a V2 read that must succeed."""
        answer = self.v2("GET", target)
        assert answer.status == 200, answer
        return json.loads(answer.body)

    def send(self, target: str, body: Any, status: int) -> Any:
        """The JSON of a V2 POST that must answer `status`."""
        answer = self.v2("POST", target, body)
        assert answer.status == status, answer
        return json.loads(answer.body)

    def old(
        self, method: str, target: str, body: bytes = b"", accept: str = XML_FIRST, **headers: str
    ) -> Answer:
        """An authorised V1 request; `target` below the environment's code."""
        sent = {"authorization": basic(self.secrets["user"], self.secrets["password"]), "accept": accept}
        return self.ask(method, f"{self.v1}{target}", body, **{**sent, **headers})

    def follow(self, answered: Any) -> Any:
        """The page behind `links[rel=next]`."""
        (link,) = (one["href"] for one in answered["links"] if one["rel"] == "next")
        parts = urlsplit(link)
        assert parts.netloc == "tenant.example", link
        return self.get(f"{parts.path.removeprefix('/deposco')}?{parts.query}")

    def line(self, sku: str, units: float = 1, number: str = "1", **more: Any) -> dict[str, Any]:
        """A sound line of a V2 order."""
        unit = self.secrets["business_unit"]
        return {
            "lineNumber": number,
            "customerLineNumber": f"C-{number}",
            "item": {"businessKey": {"number": sku, "businessUnit.code": unit}},
            "pack": {"businessKey": {"item.number": sku, "quantity": 1, "item.businessUnit.code": unit}},
            "orderPackQuantity": units,
            "unitPrice": 19.9,
            **more,
        }

    def body(self, number: str, /, *lines: tuple[str, float], **more: Any) -> dict[str, Any]:
        """A sound V2 order; `more` replaces fields."""
        rows = [
            self.line(sku, units, f"{number}-{place}")
            for place, (sku, units) in enumerate(lines or (("MUG-BLU", 1),), start=1)
        ]
        return {
            "businessUnit": {"businessKey": {"code": self.secrets["business_unit"]}},
            "number": number,
            "orderSource": "Mirakl",
            "customerOrderNumber": f"{number}-C",
            "shipVia": "Standard",
            "shipToContact": CONTACT,
            "shipToAddress": ADDRESS,
            "orderLines": {"data": rows},
            **more,
        }

    def place(self, number: str, /, *lines: tuple[str, float], **more: Any) -> Any:
        """Create an order through V2; answers it as the 201 shows it."""
        return self.send(ORDERS, self.body(number, *lines, **more), 201)

    def status(self, number: str) -> str:
        """The order's status by the tenant's own truth."""
        order = self.tenant.order_numbered(number)
        assert order is not None
        return str(order["status"])

    def stock(self, sku: str, facility: str = "DC1") -> dict[str, int]:
        """Units by the tenant's own truth."""
        figures: dict[str, int] = self.tenant.truth()["stock"][sku][facility]
        return figures


class Guest(Caller):
    """The same client at a tenant of a whole sandbox, the first one unless told."""

    def __init__(self, sandbox: Sandbox, tenant: DeposcoTenant | None = None, path: str = "/deposco") -> None:
        self.sandbox, self.path = sandbox, path
        self.tenant = tenant or sandbox.deposco
        self.secrets = self.tenant.credentials
        self.bearer = ""
        self.v1 = self.secrets["v1_path"]

    def ask(self, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
        return self.sandbox.answer(method, f"{self.path}{target}", headers, body)


def basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def encoded(segment: str) -> str:
    return quote(segment, safe="")


def old_order(number: str, /, *lines: tuple[str, float], **more: Any) -> dict[str, Any]:
    """A sound V1 order as JSON; `more` replaces fields."""
    return {
        "businessUnit": "ACME",
        "number": number,
        "type": "Sales Order",
        "status": "New",
        "customerOrderNumber": f"{number}-C",
        "shipVia": "Standard",
        "shipToAddress": {
            "name": "Ana Muster",
            "addressLine1": "12 Rue Exemple",
            "city": "Lyon",
            "stateProvinceCode": "",
            "postalCode": "69001",
            "countryCode": "FR",
        },
        "orderLines": {
            "orderLine": [
                {
                    "businessUnit": "ACME",
                    "lineNumber": f"{number}--{place}",
                    "customerLineNumber": f"{number}-{place}",
                    "itemNumber": sku,
                    "orderPackQuantity": str(float(units)),
                    "pack": {"type": "Each", "quantity": "1"},
                    "unitPrice": "18.50",
                }
                for place, (sku, units) in enumerate(lines or (("MUG-BLU", 1),), start=1)
            ]
        },
        **more,
    }
