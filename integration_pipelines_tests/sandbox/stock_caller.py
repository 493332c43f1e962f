"""A shop's side of offers and stock on one sandbox marketplace, for tests."""

import csv
import io
from typing import Any

from integration_pipelines.sandbox.listing import OfferSettings
from integration_pipelines.sandbox.mirakl.offer import Offer
from integration_pipelines.sandbox.wire import Answer
from integration_pipelines_tests.sandbox.shop_caller import ShopCaller

BOUNDARY = "xYzZY-boundary"
HEADER = "offer-sku;quantity;warehouse-code;update-delete"
IMPORTS = "/api/offers/stock/imports"


def plain_offers(**settings: Any) -> OfferSettings:
    """Every offer live, imports of ten seconds, exports of five, unless told otherwise."""
    plain: dict[str, Any] = {
        "inactive_share": 0,
        "closed_share": 0,
        "orphans": 0,
        "import_seconds": (10, 10),
        "export_seconds": (5, 5),
        "least_items_per_chunk": 1,
    }
    return OfferSettings(**plain | settings)


class StockCaller(ShopCaller):
    """`offers` are fields of `OfferSettings`, the rest is the marketplace's."""

    def __init__(self, offers: dict[str, Any] | None = None, **settings: Any) -> None:
        super().__init__(offers=plain_offers(**offers or {}), **settings)
        self.book = self.account.shop.offers
        self.skus.sort(key=lambda sku: self.offer(sku).quantity == 0)  # what can be bought comes first

    def offer(self, sku: str) -> Offer:
        """The operator's own record, not a read."""
        return self.book.by_sku[sku]

    def told(self, sku: str) -> dict[str, Any]:
        """What OF21 says about the one offer."""
        (offer,) = self.get("/api/offers", sku=sku)["offers"]
        return dict(offer)

    def post(self, path: str, body: bytes, content_type: str) -> Answer:
        return self.ask("POST", path, body, **{"content-type": content_type})

    def upload(self, text: str | bytes, name: str = "file") -> Answer:
        """A stock file as an ordinary client sends it."""
        content = text.encode() if isinstance(text, str) else text
        head = (
            f'Content-Disposition: form-data; name="{name}"; filename="stock.csv"\r\nContent-Type: text/csv'
        )
        body = f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
        return self.post(IMPORTS, body, f"multipart/form-data; boundary={BOUNDARY}")

    def import_lines(self, *lines: str, header: str = HEADER) -> str:
        """Send lines under a header and wait until they were carried out; answers the import's id."""
        import_id = self.received(self.upload("\n".join((header, *lines)) + "\n"))
        self.advance(11)
        self.sandbox.catch_up()
        return import_id

    def received(self, answer: Answer) -> str:
        assert answer.status == 201, answer.body
        return answer.headers["location"].split("/")[-2]

    def status(self, import_id: str) -> dict[str, Any]:
        return dict(self.get(f"{IMPORTS}/{import_id}/status"))

    def report(self, import_id: str) -> list[list[str]]:
        """The error report's rows, header first."""
        answer = self.ask("GET", f"{IMPORTS}/{import_id}/error_report")
        assert answer.status == 200, answer.body
        return list(csv.reader(io.StringIO(answer.body.decode(), newline=""), delimiter=";"))

    def truth(self, sku: str) -> dict[str, Any]:
        return dict(self.sandbox.truth()["marketplaces"]["alpha"]["offers"][sku])
