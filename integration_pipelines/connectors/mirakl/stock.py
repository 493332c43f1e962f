"""Offers and stock of one shop: imports of stock (STO01 to STO03), reads and exports of offers (Mirakl §5).

Calls only: no decision, no ledger. Rows of offers are handed on as they came, because one damaged row
must not stop the others; `payloads.Offer` reads them.

Surprising: STO01 only says "received". Whether a figure was applied is known from its report *and* from
reading the offer again: COMPLETE without an error may still have changed nothing (failure case F13).
"""

import logging
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from integration_pipelines.connectors.http import DEFAULT_PATIENCE, Operation, file_content
from integration_pipelines.connectors.mirakl.door import Listing, Page, ShopDoor, instant
from integration_pipelines.connectors.mirakl.offers import OfferExport, StockImport
from integration_pipelines.connectors.mirakl.reports import RejectedLine, read_stock_report
from integration_pipelines.connectors.mirakl.stock_file import TEMPLATE_SKU, StockRow, check, stock_csv
from integration_pipelines.connectors.wire import path_segment
from integration_pipelines.remote import OutcomeUnknown, Unanswered

logger = logging.getLogger(__name__)

_IMPORTS = "/api/offers/stock/imports"
_EXPORTS = "/api/offers/export/async"
_MOST_POLLS = 60  # at one in ten seconds: ten minutes
_CSV_TYPE = "text/csv"


def _report(body: bytes) -> list[RejectedLine]:
    text = body.decode("utf-8-sig", errors="replace")
    if text.startswith('"') and text.count('"') % 2:
        raise ValueError("the report breaks off inside a quoted field")
    return read_stock_report(text)


_STO01 = Operation("STO01", write=True, answers=dict)
_STO02 = Operation("STO02", answers=dict)
_STO03 = Operation("STO03", reads=_report, accepts=_CSV_TYPE)
_OF21 = Operation("OF21", answers=dict)
_OF22 = Operation("OF22", answers=dict)
# Not a write: it changes nothing, and the same request again gets the export that runs (Mirakl §1.7).
_OF52 = Operation("OF52", answers=dict)
_OF52_FULL = Operation("OF52", answers=dict, budget="OF52:full")
_OF53 = Operation("OF53", answers=dict)
_OF54 = Operation("OF54", answers=list)


class StockClient:
    """Offers and stock of one shop on one marketplace.

    Args:
        door: the shop's.
    """

    def __init__(self, door: ShopDoor) -> None:
        self.account_key = door.account_key
        self._door = door

    def import_stock(self, rows: Sequence[StockRow], *, patience: float = DEFAULT_PATIENCE) -> str:
        """Send absolute quantities; at most one call a minute (STO01).

        Args:
            rows: rows of the same SKU are adjacent; row `n` is line `n + FIRST_LINE` of error reports.
            patience: seconds it may wait for our budget.

        Returns:
            the import's id, for `stock_import` and `stock_errors`.

        Raises:
            ValueError: a row cannot be sent (`stock_file.fault`); nothing was.
            OutcomeUnknown: it may have been received. Figures are absolute, so newer ones may follow.
        """
        check(rows)
        long = sum(len(row.sku) > TEMPLATE_SKU for row in rows)
        if long:
            words = "%s: %d rows have a SKU of more than %d characters, which some operators refuse."
            logger.warning(words, self.account_key, long, TEMPLATE_SKU)
        content = file_content("file", "stock.csv", _CSV_TYPE, stock_csv(rows))
        reply = self._door.send(_STO01, "POST", _IMPORTS, content=content, patience=patience)
        import_id = reply.json.get("import_id")
        if not isinstance(import_id, str | int) or isinstance(import_id, bool) or import_id == "":
            raise OutcomeUnknown(
                self.account_key, "STO01", "it names no import.", status=reply.status, body=reply.text
            )
        return str(import_id)

    def stock_import(self, import_id: str, *, patience: float = DEFAULT_PATIENCE) -> StockImport:
        """Where an import stands; at most every 15 seconds (STO02)."""
        return self._door.read(
            _STO02, f"{_IMPORTS}/{path_segment(import_id)}/status", StockImport, patience=patience
        )

    def stock_errors(
        self, import_id: str, expected: int | None = None, *, patience: float = DEFAULT_PATIENCE
    ) -> list[RejectedLine]:
        """The lines that were not applied; at most one call a minute (STO03).

        Args:
            import_id: of an import that says `has_error_report`.
            expected: its `lines_in_error`, where told: a report with fewer lines is incomplete.
            patience: seconds it may wait for our budget.
        """
        path = f"{_IMPORTS}/{path_segment(import_id)}/error_report"
        reply = self._door.send(_STO03, "GET", path, patience=patience)
        lines: list[RejectedLine] = reply.json or []
        if expected is not None and len(lines) < expected:
            words = f"its report has {len(lines)} lines, the import says {expected} are in error."
            raise Unanswered(self.account_key, "STO03", words, body=reply.text)
        return lines

    def offers(self, sku: str | None = None) -> Iterator[Page]:
        """Offers page by page, inactive ones too (OF21). Made for screens: read a whole shop by export.

        Args:
            sku: of one offer. Checked again here: a filter may be ignored without a word (Mirakl §0).
        """
        query = [("sort", "productTitle"), ("order", "asc"), *([] if sku is None else [("sku", sku)])]
        for page in self._door.pages(Listing("/api/offers", "offers", query, _OF21, _OF21)):
            if sku is None:
                yield page
            else:
                wanted = [row for row in page.rows if not isinstance(row, dict) or row.get("shop_sku") == sku]
                yield Page(wanted, page.total_count, page.offset)

    def offer(self, offer_id: str) -> dict[str, Any]:
        """One offer by the marketplace's number, as it came (OF22)."""
        reply = self._door.send(_OF22, "GET", f"/api/offers/{path_segment(offer_id)}")
        return dict(reply.json)

    def offer_export(
        self,
        since: datetime | None = None,
        fields: Collection[str] = (),
        *,
        patience: float = DEFAULT_PATIENCE,
    ) -> Iterator[list[Any]]:
        """Offers in chunks: all of them, or those changed since (OF52 to OF54). Waits for the export.

        Args:
            since: aware; None asks for all, inactive ones too, which Mirakl allows once a day. A
                differential export also has deleted offers (`deleted`).
            fields: only these fields; all when empty.
            patience: seconds the start may wait for our budget.

        Raises:
            Unanswered: the export failed or took too long; nothing was changed, ask again.
        """
        tracking_id = self.start_offer_export(since, fields, patience=patience)
        for _ in range(_MOST_POLLS):  # the budget of OF53 keeps ten seconds between them
            export = self.offer_export_status(tracking_id)
            if export.status == "COMPLETED":
                for url in export.urls:
                    yield self.exported_offers(url)
                return
            if export.status != "PENDING":
                detail = export.error.detail if export.error else ""
                raise Unanswered(self.account_key, "OF53", f"the export is {export.status}: {detail or '–'}.")
        raise Unanswered(self.account_key, "OF53", f"export {tracking_id} is still pending.")

    def start_offer_export(
        self,
        since: datetime | None = None,
        fields: Collection[str] = (),
        *,
        patience: float = DEFAULT_PATIENCE,
    ) -> str:
        """Ask for an export as JSON; see `offer_export`. Answers its tracking id (OF52)."""
        body: dict[str, Any] = {"export_type": "application/json"}
        if fields:
            body["include_fields"] = sorted(fields)
        if since is None:
            body["include_inactive_offers"] = True  # an error together with a date
        else:
            body["last_request_date"] = instant(since)
        operation = _OF52_FULL if since is None else _OF52
        reply = self._door.send(operation, "POST", _EXPORTS, json=body, patience=patience)
        tracking_id = reply.json.get("tracking_id")
        if not isinstance(tracking_id, str) or not tracking_id:
            raise Unanswered(self.account_key, "OF52", "it names no export.", body=reply.text)
        return tracking_id

    def offer_export_status(self, tracking_id: str) -> OfferExport:
        """Where an export stands; at most every 10 seconds (OF53)."""
        return self._door.read(_OF53, f"{_EXPORTS}/status/{path_segment(tracking_id)}", OfferExport)

    def exported_offers(self, url: str) -> list[Any]:
        """One file of a finished export (OF54).

        Args:
            url: as OF53 gives it. Fetched from our own account, so that the key goes nowhere else; the
                rest of it is taken as it is, and no `shop_id` is added (Mirakl §1.8).
        """
        parts = urlsplit(url)
        _, api, below = parts.path.partition("/api/")
        if not api:
            raise Unanswered(self.account_key, "OF53", "the address of a file is none of this interface.")
        target = f"{api}{below}?{parts.query}" if parts.query else f"{api}{below}"
        rows: list[Any] = self._door.transport.send(_OF54, "GET", target).json
        return rows
