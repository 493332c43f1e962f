"""Mirakl's offers, stock imports and offer exports as they come (Mirakl §5). Handed on by `payloads.py`.

Surprising: `quantity` is None when the answer has none, and unknown is never zero. What is not read
here (prices per channel, shipping, texts) is kept in `model_extra`.
"""

from enum import StrEnum
from typing import Annotated

from integration_pipelines.connectors.values import (
    LISTED,
    Id,
    OptionalAmount,
    OptionalFlag,
    OptionalId,
    OptionalMoment,
    OptionalUnits,
    Payload,
    Text,
)


class WarehouseQuantity(Payload):
    """What an offer has in one of the shop's warehouses, by the marketplace's own code of it."""

    code: Text = ""
    quantity: OptionalUnits = None


class ProductReference(Payload):
    """A barcode or another public number of the product (EAN, UPC, ISBN …)."""

    reference: Text = ""
    reference_type: Text = ""


class Offer(Payload):
    """An offer, from OF21, OF22 or a JSON export (OF54).

    Attributes:
        shop_sku: the seller's SKU, compared exactly; `offer_sku` on orders.
        quantity: what customers can still buy; with `warehouses`, the sum over them.
        active: whether it can be bought; `inactivity_reasons` say why not (exports do not).
        deleted: only in differential exports.
        product_references: None where the answer does not tell them, as exports do not.
        date_created: seen in exports only.
        price: current unit price in `currency_iso_code`; exports have `prices` instead.
        leadtime_to_ship: days; reads tell a stored 0 as 1.
    """

    shop_sku: Id
    offer_id: OptionalId = None
    product_sku: Text = ""
    product_title: Text = ""
    product_references: Annotated[tuple[ProductReference, ...], LISTED] = ()
    state_code: OptionalId = None
    quantity: OptionalUnits = None
    warehouses: Annotated[tuple[WarehouseQuantity, ...], LISTED] = ()
    active: OptionalFlag = None
    deleted: OptionalFlag = None
    inactivity_reasons: Annotated[tuple[Text, ...], LISTED] = ()
    price: OptionalAmount = None
    total_price: OptionalAmount = None
    currency_iso_code: OptionalId = None
    leadtime_to_ship: OptionalUnits = None
    min_order_quantity: OptionalUnits = None
    max_order_quantity: OptionalUnits = None
    package_quantity: OptionalUnits = None
    channels: Annotated[tuple[Text, ...], LISTED] = ()
    date_created: OptionalMoment = None
    last_updated: OptionalMoment = None


class ImportStatus(StrEnum):
    """Where an import stands (STO02); QUEUED is seen in old data only."""

    WAITING = "WAITING"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    FAILED = "FAILED"


class StockImport(Payload):
    """A stock import (STO02). COMPLETE may hold refused lines, and lines that were ignored without a word.

    Attributes:
        lines_in_error: refused lines; None where the operator does not tell.
    """

    import_id: Id
    status: Id
    shop_id: OptionalId = None
    date_created: OptionalMoment = None
    has_error_report: OptionalFlag = None
    lines_in_success: OptionalUnits = None
    lines_in_error: OptionalUnits = None

    @property
    def known_status(self) -> ImportStatus | None:
        """The status as an enum; None for one that we do not know (kept in `status`)."""
        return ImportStatus(self.status) if self.status in _IMPORT_STATUSES else None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen; an unknown status is not an end."""
        return self.known_status in {ImportStatus.COMPLETE, ImportStatus.FAILED}


class ExportError(Payload):
    """Why an export failed."""

    code: Text = ""
    detail: Text = ""


class OfferExport(Payload):
    """An asynchronous export of offers (OF53): PENDING, COMPLETED, FAILED, perhaps CANCELED (Mirakl §1.8)."""

    status: Id
    urls: Annotated[tuple[Text, ...], LISTED] = ()
    error: ExportError | None = None
    last_updated: OptionalMoment = None


_IMPORT_STATUSES = frozenset(ImportStatus)
