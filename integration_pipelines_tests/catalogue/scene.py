"""A retailer whose SKUs are audited: one shop lists what the warehouse has, until a test changes it."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select

from integration_pipelines.catalogue.audit import AuditReport
from integration_pipelines.catalogue.facts import QUIET, Drift, Side
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.catalogue_tables import sku_audits, sku_drift
from integration_pipelines.sandbox.catalogue import Product
from integration_pipelines.sandbox.listing import Listing
from integration_pipelines_tests.business import Retailer, quiet_business
from integration_pipelines_tests.warehouse_profiles import WarehouseProfile

DAY = 86_400.0
PATIENCE = 120.0  # days are longer than the export's limit by a minute, whatever the clocks say


@dataclass
class Scene:
    """`retailer` with an audited shop."""

    retailer: Retailer
    ledger: Ledger

    @classmethod
    def open(
        cls,
        ledger: Ledger,
        folder: Path,
        profile: WarehouseProfile = WarehouseProfile.VEEQO,
        **catalogue: Any,
    ) -> "Scene":
        settings = {"catalogue": {"enabled": True, "folder": str(folder), **catalogue}}
        business = quiet_business(marketplaces=1, profile=profile)
        return cls(Retailer.open(ledger, business, settings, profile=profile), ledger)

    @property
    def book(self) -> Any:
        """The operator's book of the shop's offers."""
        return self.retailer.sandbox.marketplaces[self.retailer.marketplace].shop.offers

    def audit(self) -> AuditReport:
        return self.retailer.integration.sku_audits[self.retailer.marketplace].run()

    def next_day(self) -> AuditReport:
        """What the audit finds when all that was in flight has landed."""
        self.retailer.clock.advance(1.5 * DAY)
        return self.audit()

    def list_offer(self, sku: str, barcode: str = "", quantity: int = 5) -> None:
        """The shop lists something."""
        product = Product(sku, sku.title(), Decimal("9.90"), barcode, quantity)
        number = 800_000 + len(self.book.by_sku)
        listing = Listing(number, product, product.price, quantity, 2)
        self.book.open_with([listing], self.retailer.clock.now())

    def add_item(self, sku: str, barcode: str = "") -> None:
        """The warehouse's staff create an item."""
        self.retailer.sandbox.add_product(Product(sku, sku.title(), Decimal("9.90"), barcode, 5))

    def drift(self) -> dict[tuple[Side, str], tuple[Drift, str | None]]:
        """What the ledger holds now."""
        with self.ledger.begin() as connection:
            rows = connection.execute(select(sku_drift)).all()
        return {(Side(row.side), row.sku): (Drift(row.drift), row.other) for row in rows}

    def exceptions(self) -> dict[str, Any]:
        """Open exceptions of the audit by class."""
        found = self.retailer.open_exceptions()
        return {row.subject.split()[-1]: row for row in found if row.subject.startswith("catalogue ")}

    def audits(self) -> list[Any]:
        with self.ledger.begin() as connection:
            return list(connection.execute(select(sku_audits).order_by(sku_audits.c.id)))


def mended(report: AuditReport) -> bool:
    """Whether nothing is to mend."""
    assert report.incomplete is None
    return not any(count for (_, drift), count in report.counts.items() if drift not in QUIET)
