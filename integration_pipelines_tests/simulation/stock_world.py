"""A shop floor for stock: every offer live, so many units of everything, and questions to the truth.

What must hold is said by the tests. Buffers are off here unless a test wants them, so that figures can be
read off the shelf.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert

from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.tables import stock_brakes
from integration_pipelines_tests.business import Retailer, quiet_business
from integration_pipelines_tests.sandbox.stock_caller import plain_offers
from integration_pipelines_tests.warehouse_profiles import WarehouseProfile, set_stock

UNITS = 50  # of every SKU in every building
USUAL_BUFFER: Mapping[str, Any] = {"stock": {}}
NO_BUFFER: Mapping[str, Any] = {"stock": {"buffer": {"sales": False}}}
SETTLED = 6  # minutes until a new shop has been told everything, and everything is read back


def open_shop(
    ledger: Ledger,
    profile: WarehouseProfile = WarehouseProfile.VEEQO,
    *,
    faults: str = "none",
    marketplaces: int = 3,
    settings: Mapping[str, Any] = NO_BUFFER,
    account: Mapping[str, Any] | None = None,
    quiet: bool = True,
    **offers: Any,
) -> Retailer:
    """A quiet business whose marketplaces were told everything.

    Args:
        settings, account: of every channel and of the warehouse, see `business.channels_for`.
        quiet: nothing needs a person then.
        offers: how all operators treat offers (`sandbox.listing.OfferSettings`).
    """
    business = quiet_business(faults=faults, marketplaces=marketplaces, profile=profile)
    shops = tuple(replace(each, offers=plain_offers(**offers)) for each in business.marketplaces)
    retailer = Retailer.open(
        ledger, replace(business, marketplaces=shops), settings, profile=profile, account=account
    )
    for product in retailer.sandbox.products:
        set_stock(retailer.sandbox, product.sku, UNITS)
    retailer.pass_minutes(SETTLED)
    assert (retailer.codes() == []) is quiet
    return retailer


def on_hand(retailer: Retailer) -> int:
    """Units of every untouched SKU that may be sold: the demo's Deposco has two such buildings."""
    return UNITS * (1 if retailer.channels.warehouses[retailer.warehouse].system == "veeqo" else 2)


def offers(retailer: Retailer, marketplace: str | None = None) -> dict[str, dict[str, Any]]:
    """The marketplace's truth about all offers."""
    truth = retailer.sandbox.truth()["marketplaces"][marketplace or retailer.marketplace]["offers"]
    assert isinstance(truth, dict)
    return truth


def shown(retailer: Retailer, sku: str) -> list[int]:
    """What each marketplace shows of it."""
    return [offers(retailer, key)[sku]["quantity"] for key in retailer.sandbox.marketplaces]


def imports(retailer: Retailer, marketplace: str | None = None) -> list[dict[str, Any]]:
    """The stock imports that the marketplace received."""
    account = retailer.sandbox.marketplaces[marketplace or retailer.marketplace]
    return [dict(told) for told in account.truth()["stock_imports"].values()]


def told(push: Mapping[str, Any]) -> dict[str, int]:
    """SKU → figure of one import."""
    return {sku: int(quantity) for _, sku, quantity, *_ in push["lines"]}


def calls(retailer: Retailer, operation: str) -> int:
    """How often it was called, on all marketplaces together."""
    return sum(retailer.sandbox.calls[key][operation] for key in retailer.sandbox.marketplaces)


def release(retailer: Retailer, kind: str, hours: float = 1) -> None:
    """A person lets a brake of every marketplace go."""
    now = retailer.clock.now()
    rows = [
        {
            "marketplace": key,
            "kind": kind,
            "released_by": "tests",
            "released_at": now,
            "until": now + timedelta(hours=hours),
        }
        for key in retailer.sandbox.marketplaces
    ]
    with retailer.ledger.begin() as connection:
        connection.execute(insert(stock_brakes), rows)


def moments(told_imports: list[dict[str, Any]]) -> list[datetime]:
    """When imports were received."""
    return [datetime.fromisoformat(each["received_at"]) for each in told_imports]
