"""OF52 (ask for an export of offers), OF53 (its status), OF54 (its files): mirakl.md §1.8, §5.4.

The traps are the vendor's: CSV unless JSON is asked for; without `last_request_date` inactive offers are
left out unless asked for; with it inactive and deleted ones are included, and to ask for them is an
error; CSV and JSON name their fields differently; the same request again gets the export that exists.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integration_pipelines.sandbox.mirakl.dates import read_moment, stamp
from integration_pipelines.sandbox.mirakl.errors import BadRequestError, NotFoundError
from integration_pipelines.sandbox.mirakl.export_queue import COMPLETED, FAILED, OfferExport, OfferExports
from integration_pipelines.sandbox.mirakl.offer import Offer
from integration_pipelines.sandbox.mirakl.offer_files import csv_file, exported, json_file
from integration_pipelines.sandbox.mirakl.reference import channel_code
from integration_pipelines.sandbox.mirakl.routing import Call, Shop, route
from integration_pipelines.sandbox.wire import Answer, Request, json_answer

_CSV, _JSON = "text/csv", "application/json"
_EXPORTS = "/api/offers/export/async"
_MOST_ITEMS, _LEAST_MEGABYTES, _MOST_MEGABYTES = 1_000_000, 10, 1_000
_DEFAULT_ITEMS = 100_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one OF52 asks for. A chunk's megabytes are checked but never reached here."""

    content_type: str
    since: datetime | None
    inactive: bool
    channels: frozenset[str]
    fields: frozenset[str]
    renamed: Mapping[str, str]
    items_per_chunk: int


def start_export(shop: Shop, call: Call) -> Answer:
    """OF52."""
    wanted = _read_wanted(shop, call.json() if call.request.body.strip() else {})

    def generate() -> list[bytes]:
        rows = [exported(shop, offer) for offer in _chosen(shop, wanted)]
        size = wanted.items_per_chunk
        chunks = [rows[start : start + size] for start in range(0, len(rows), size)] or [[]]
        if wanted.content_type == _JSON:
            return [json_file(chunk, wanted.fields) for chunk in chunks]
        return [csv_file(chunk, wanted.fields, wanted.renamed) for chunk in chunks]

    export = shop.exports.request(_fingerprint(call.request), wanted.content_type, call.now, generate)
    return json_answer(200, {"tracking_id": export.tracking_id})


def export_status(shop: Shop, call: Call) -> Answer:
    """OF53; the file addresses are as the vendor prints them, a bare per cent sign included."""
    export = _export_named(shop, call)
    told: dict[str, Any] = {"last_updated": stamp(export.updated), "status": export.status}
    if export.status == FAILED:
        told["error"] = {"code": "1", "detail": export.error}
    if export.status == COMPLETED:
        file = shop.address(call, f"{_EXPORTS}/file/{export.tracking_id}")
        told["urls"] = [f"{file}?file={_file_name(export, number)}" for number in range(len(export.files))]
    return json_answer(200, told)


def export_file(shop: Shop, call: Call) -> Answer:
    """OF54."""
    export = _export_named(shop, call)
    names = [_file_name(export, number) for number in range(len(export.files))]
    asked = call.request.first("file")
    if asked not in names:
        raise NotFoundError(f"Export '{export.tracking_id}' has no file '{asked}'.")
    return Answer(200, {"content-type": export.content_type}, export.files[names.index(asked)])


def counted_as(request: Request) -> str:
    """Full and differential exports have frequencies of their own (mirakl.md §1.3)."""
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        return "OF52"
    return "OF52" if isinstance(body, dict) and body.get("last_request_date") else "OF52:full"


def is_repetition(exports: OfferExports, request: Request, now: datetime) -> bool:
    """Whether the call only gets an export that exists."""
    return exports.repeated(_fingerprint(request), now) is not None


def _fingerprint(request: Request) -> str:
    return f"{request.first('shop_id')}:{request.body.decode('utf-8', 'replace')}"


def _export_named(shop: Shop, call: Call) -> OfferExport:
    export = shop.exports.exports.get(call.named[0])
    if export is None:
        raise NotFoundError(f"Export '{call.named[0]}' does not exist.")
    return export


def _file_name(export: OfferExport, number: int) -> str:
    return f"of52-export%offers/{number}.{'json' if export.content_type == _JSON else 'csv'}"


def _read_wanted(shop: Shop, body: Any) -> Wanted:
    if not isinstance(body, dict):
        raise BadRequestError("The request body must be a JSON object.")
    content_type = body.get("export_type") or _CSV
    if content_type not in {_CSV, _JSON}:
        raise BadRequestError(f"'export_type' must be {_CSV} or {_JSON}: '{content_type}'.")
    since = body.get("last_request_date")
    inactive = body.get("include_inactive_offers") or False
    if since and inactive:
        raise BadRequestError("'include_inactive_offers' cannot be used with 'last_request_date'.")
    least = shop.offers.settings.least_items_per_chunk
    items = _whole_number(body, "items_per_chunk", max(least, _DEFAULT_ITEMS), least, _MOST_ITEMS)
    _whole_number(body, "megabytes_per_chunk", _MOST_MEGABYTES, _LEAST_MEGABYTES, _MOST_MEGABYTES)
    renamed = body.get("rename_fields") or {}
    if not isinstance(renamed, dict):
        raise BadRequestError("'rename_fields' must be an object.")
    return Wanted(
        content_type,
        read_moment("last_request_date", str(since)) if since else None,
        inactive=bool(inactive),
        channels=_names(body, "channel_codes"),
        fields=_names(body, "include_fields"),
        renamed=renamed,
        items_per_chunk=items,
    )


def _names(body: Mapping[str, Any], name: str) -> frozenset[str]:
    value = body.get(name) or []
    if not isinstance(value, list):
        raise BadRequestError(f"'{name}' must be a list.")
    return frozenset(map(str, value))


def _whole_number(body: Mapping[str, Any], name: str, default: int, least: int, most: int) -> int:
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadRequestError(f"'{name}' must be a whole number from {least} to {most}: '{value}'.")
    return value


def _chosen(shop: Shop, wanted: Wanted) -> list[Offer]:
    if wanted.channels and channel_code(shop.settings.country) not in wanted.channels:
        return []
    if wanted.since is not None:
        return [offer for offer in shop.offers.by_sku.values() if offer.updated >= wanted.since]
    return [
        offer
        for offer in shop.offers.by_sku.values()
        if not offer.deleted and (wanted.inactive or not shop.offers.inactivity_reasons(offer))
    ]


ROUTES = (
    route("OF52", "POST", _EXPORTS, start_export),
    route("OF53", "GET", f"{_EXPORTS}/status/{{tracking_id}}", export_status),
    route("OF54", "GET", f"{_EXPORTS}/file/{{tracking_id}}", export_file),
)
