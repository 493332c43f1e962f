"""Bulk writes: a list in the body, an outcome per item in a 2xx (mirakl.md §0, trap 10)."""

from collections.abc import Callable
from typing import Any

from integration_pipelines.sandbox.mirakl.errors import ApiError, BadRequestError
from integration_pipelines.sandbox.mirakl.routing import Call
from integration_pipelines.sandbox.wire import Answer, json_answer

Item = dict[str, Any]


def sent_items(call: Call, name: str, most: int) -> list[Item]:
    """The list called `name`; 400 if there is none, or too many items in it."""
    body = call.json()
    items = body.get(name) if isinstance(body, dict) else None
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise BadRequestError(f"'{name}' must be a list that is not empty.")
    if len(items) > most:
        raise BadRequestError(f"'{name}' takes at most {most} items, {len(items)} were given.")
    return items


def every_item(
    call: Call,
    name: str,
    noun: str,
    most: int,
    act: Callable[[Item], Any],
    show: Callable[[Item, Any], Item] = lambda item, _: {"id": item.get("id")},
) -> Answer:
    """Carry `act` out on every item and tell what came of each.

    Args:
        noun: begins the names of the answer's lists, `<noun>_success` and `<noun>_errors`.
        act: changes nothing if it raises `ApiError`.
        show: what is told of an item that went well; it is given what `act` answered.
    """
    success, errors = [], []
    for item in sent_items(call, name, most):
        try:
            success.append(show(item, act(item)))
        except ApiError as error:
            errors.append({"id": item.get("id"), "message": error.message})
    return json_answer(200, {f"{noun}_errors": errors, f"{noun}_success": success})
