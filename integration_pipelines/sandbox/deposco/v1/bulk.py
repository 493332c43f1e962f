"""V1 bulk imports of orders: found again by the caller's own token after a lost answer (contract 7)."""

from datetime import timedelta

from integration_pipelines.sandbox.deposco.house import BulkRequest
from integration_pipelines.sandbox.deposco.records import RefusalError
from integration_pipelines.sandbox.deposco.v1.orders import insert_order
from integration_pipelines.sandbox.deposco.v1.tree import Tree
from integration_pipelines.sandbox.deposco.v1.web import Call, Operation, Routes, json_document, records_of
from integration_pipelines.sandbox.wire import Answer

_SECONDS = 4.0


def import_in_bulk(call: Call) -> Answer:
    """The same token again is the same request."""
    token = call.first("uniqueToken")
    request = _by_token(call, token) if token else None
    if request is None:
        records, ordered = records_of(call, "order")
        outcomes = [insert_order(call.house, record, ordered) for record in records]
        failures = sum(1 for outcome in outcomes if outcome.errors)
        result = {
            "status": "Partially Failed" if failures else "Success",
            "totalEntities": str(len(outcomes)),
            "failures": str(failures),
            "results": [
                {"businessKey": one.number, "status": str(one.status), "errors": one.errors}
                for one in outcomes
            ],
        }
        done_at = call.house.at + timedelta(seconds=_SECONDS)
        request = BulkRequest(call.house.next_id("request"), done_at, result, token=token)
        call.house.bulk[request.id] = request
    return json_document(call, {"requestId": str(request.id)}, 202)


def get_details(call: Call) -> Answer:
    number = call.parts[0]
    request = call.house.bulk.get(int(number)) if number.isdecimal() else None
    return _told(call, request)


def get_by_token(call: Call) -> Answer:
    return _told(call, _by_token(call, call.parts[0]))


def _by_token(call: Call, token: str) -> BulkRequest | None:
    return next((one for one in call.house.bulk.values() if one.token == token), None)


def _told(call: Call, request: BulkRequest | None) -> Answer:
    if request is None:
        raise RefusalError(404, "Request not found")
    told: Tree = request.result if call.house.at >= request.done_at else {"status": "Processing"}
    if call.first("includeSuccessDetails") != "true" and "results" in told:
        told = {**told, "results": [one for one in told["results"] if one["errors"]]}
    return json_document(call, {"requestId": str(request.id), **told})


ROUTES: Routes = {
    ("POST", "/bulk"): Operation("bulk", import_in_bulk),
    ("GET", "/bulk/*/details"): Operation("bulk", get_details),
    ("GET", "/bulk/uniqueToken/*"): Operation("bulk", get_by_token),
}
