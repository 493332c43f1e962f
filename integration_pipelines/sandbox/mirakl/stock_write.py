"""STO01 (import a stock file), STO02 (its status), STO03 (its error report): mirakl.md §5.2."""

from integration_pipelines.sandbox.mirakl.dates import stamp
from integration_pipelines.sandbox.mirakl.errors import BadRequestError, NotFoundError
from integration_pipelines.sandbox.mirakl.routing import Call, Shop, route
from integration_pipelines.sandbox.mirakl.stock_imports import COMPLETE, StockImport
from integration_pipelines.sandbox.mirakl.uploads import read_upload
from integration_pipelines.sandbox.wire import Answer, json_answer

_IMPORTS = "/api/offers/stock/imports"


def import_stock(shop: Shop, call: Call) -> Answer:
    """STO01: received, not yet carried out."""
    content = read_upload(call.request, "file")
    if not content.strip():
        raise BadRequestError("The file is empty.")
    received = shop.imports.receive(content, call.now)
    location = shop.address(call, f"{_IMPORTS}/{received.import_id}/status")
    return json_answer(201, {"import_id": received.import_id}, {"location": location})


def import_status(shop: Shop, call: Call) -> Answer:
    """STO02; whether the counters are told is the operator's choice."""
    found = _import_named(shop, call)
    told = {
        "import_id": found.import_id,
        "shop_id": shop.shop_id,
        "date_created": stamp(found.received),
        "status": found.status,
        "has_error_report": found.report is not None,
    }
    if found.status == COMPLETE and shop.offers.settings.import_counters:
        told["lines_in_success"] = len(found.outcomes) - found.refused
        told["lines_in_error"] = found.refused
    return json_answer(200, told)


def import_report(shop: Shop, call: Call) -> Answer:
    """STO03."""
    found = _import_named(shop, call)
    if found.report is None:
        raise NotFoundError(f"Import '{found.import_id}' has no error report.")
    return Answer(200, {"content-type": "text/csv;charset=UTF-8"}, found.report)


def _import_named(shop: Shop, call: Call) -> StockImport:
    found = shop.imports.imports.get(call.named[0])
    if found is None:
        raise NotFoundError(f"Stock import '{call.named[0]}' does not exist.")
    return found


ROUTES = (
    route("STO01", "POST", _IMPORTS, import_stock),
    route("STO02", "GET", f"{_IMPORTS}/{{import_id}}/status", import_status),
    route("STO03", "GET", f"{_IMPORTS}/{{import_id}}/error_report", import_report),
)
