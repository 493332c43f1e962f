"""Writes of many items in one call, which answer 2xx whatever came of each (Mirakl §0, trap 10).

Surprising: an item that the answer does not mention may have been carried out or not. Then the outcome of the
whole call is unknown: every item is looked up before anything is repeated.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from integration_pipelines.connectors.http import Operation, Reply
from integration_pipelines.connectors.mirakl.door import ShopDoor, objects
from integration_pipelines.connectors.words import redacted
from integration_pipelines.remote import OutcomeUnknown


@dataclass(frozen=True, slots=True)
class Bulk:
    """One bulk operation.

    Attributes:
        name: of the list in the request.
        nouns: begin the names of the answer's lists, `<noun>_success` and `<noun>_errors`.
        most: items per call; more would be refused as a whole.
    """

    operation: Operation
    method: str
    path: str
    name: str
    nouns: tuple[str, ...]
    most: int

    def send(self, door: ShopDoor, items: Sequence[Mapping[str, Any]], key: str = "id") -> Reply:
        """Send items, each named by `key`.

        Raises:
            ValueError: none or too many of them, or one twice: an error could not be told from a success.
        """
        if not 0 < len(items) <= self.most or len({item[key] for item in items}) < len(items):
            raise ValueError(f"{self.operation.code} takes 1 to {self.most} items, no {key} of them twice.")
        return door.send(self.operation, self.method, self.path, json={self.name: [*items]})

    def successes(self, reply: Reply) -> list[dict[str, Any]]:
        return [row for noun in self.nouns for row in objects(reply.json.get(f"{noun}_success"))]

    def refusals(self, reply: Reply, key: str = "id") -> dict[str, str]:
        """Item → what the other side said against it."""
        rows = [row for noun in self.nouns for row in objects(reply.json.get(f"{noun}_errors"))]
        return {str(row.get(key)): _message(row) for row in rows}

    def change(self, door: ShopDoor, items: Sequence[Mapping[str, Any]]) -> dict[str, str | None]:
        """Send items and answer what came of each: id → None where it was done, else the refusal.

        Raises:
            OutcomeUnknown: the answer does not mention every item.
        """
        reply = self.send(door, items)
        done = dict.fromkeys(str(row.get("id")) for row in self.successes(reply))
        told: dict[str, str | None] = {**done, **self.refusals(reply)}
        wanted = [str(item["id"]) for item in items]
        self.require_mentioned(door, reply, wanted, told)
        return {item_id: told[item_id] for item_id in wanted}

    def require_mentioned(
        self, door: ShopDoor, reply: Reply, wanted: Iterable[str], told: Iterable[str]
    ) -> None:
        """Raises: OutcomeUnknown: nothing was told of some."""
        silent = set(wanted) - set(told)
        if silent:
            words = f"it says nothing about {len(silent)} of the items."
            raise OutcomeUnknown(
                door.account_key, self.operation.code, words, status=reply.status, body=reply.text
            )


def _message(row: Mapping[str, Any]) -> str:
    message = row.get("message")
    return redacted(message) if isinstance(message, str) and message else "refused without an explanation"
