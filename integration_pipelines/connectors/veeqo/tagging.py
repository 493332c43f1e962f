"""Tags that make an order stand out for people, found or created once per process (Veeqo §5.6).

Surprising: tagging takes ids alone, so a name is looked up first, exactly.
"""

from threading import Lock
from typing import Any

from pydantic import ValidationError

from integration_pipelines.connectors.values import reason
from integration_pipelines.connectors.veeqo.client import VeeqoClient
from integration_pipelines.connectors.veeqo.payloads import Tag
from integration_pipelines.remote import OutcomeUnknown


class Tags:
    """The tags of one account that we put on orders.

    Args:
        client: its calls.
    """

    def __init__(self, client: VeeqoClient) -> None:
        self._client = client
        self._ids: dict[str, str] = {}
        self._lock = Lock()

    def put(self, order_id: str, name: str, colour: str) -> None:
        """Put the tag on the order; a tag that does not exist yet gets `colour`, `#rrggbb`."""
        self._client.tag_order(order_id, self._id_of(name, colour))

    def _id_of(self, name: str, colour: str) -> str:
        with self._lock:
            if name not in self._ids:
                tag = self._existing(name) or self._client.create_tag(name, colour)
                try:
                    self._ids[name] = Tag.model_validate(tag).id
                except ValidationError as error:
                    words = f"the tag cannot be understood ({reason(error)})."
                    raise OutcomeUnknown(self._client.account_key, "POST /tags", words) from None
            return self._ids[name]

    def _existing(self, name: str) -> dict[str, Any] | None:
        rows = (row for page in self._client.tag_pages() for row in page if isinstance(row, dict))
        named = (row for row in rows if row.get("name") == name and not row.get("deleted_at"))
        return next(named, None)
