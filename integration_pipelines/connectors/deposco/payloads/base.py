"""What all of Deposco's objects share: renderings, references, embedded collections (Deposco §3, §4.1).

Surprising: a reference may name its record by id alone, without any business key, and a collection inside
an object is cut off after ten rows.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from integration_pipelines.connectors.deposco.rendering import TEXT, as_list, is_nil
from integration_pipelines.connectors.values import OptionalAmount, OptionalId, Payload, Text

EMBEDDED_AT_MOST = 10  # rows of a collection inside another object (Deposco §4.1)
_ENVELOPES = (
    "salesOrder", "order", "item", "outboundShipment", "shipment", "receipt", "customerOrder",
    "customerReturn", "company", "facility",
)  # fmt: skip


class DeposcoPayload(Payload):
    """An object of either rendering: nil is null, `@` before a name is dropped.

    V2 says a record's id in a reference to itself (`self`, Deposco §4.1).
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        plain = {_name(key): None if is_nil(item) else item for key, item in value.items()}
        own = plain.get("self")
        if plain.get("id") is None and isinstance(own, Mapping):
            plain["id"] = own.get("id")
        return plain


def unwrapped(value: Any) -> Any:
    """A record without the envelope that some answers put around it (Deposco §3.1)."""
    if isinstance(value, Mapping) and len([name for name in value if not str(name).startswith("@")]) == 1:
        for name in _ENVELOPES:
            if isinstance(inner := value.get(name), Mapping):
                return inner
    return value


def rows_of(collection: Any, *names: str) -> list[Any]:
    """Rows of an embedded collection: `{"data": […]}`, `{"orderLine": …}`, a list, one object, nothing."""
    if isinstance(collection, Mapping):
        for name in ("data", *names):
            # A code under the same name is a field of the one object, not its wrapping.
            if name in collection and not _is_code(collection[name]):
                return as_list(collection[name])
        bare = {name for name in collection if not str(name).startswith("@") and name != TEXT}
        return [] if bare <= {"complete", "links", "pages"} else [collection]
    return as_list(collection)


def is_complete(collection: Any) -> bool:
    """Whether an embedded V2 collection certainly has all its rows (Deposco §4.1)."""
    if not isinstance(collection, Mapping) or "data" not in collection:
        return False
    return collection.get("complete") is True and len(as_list(collection["data"])) != EMBEDDED_AT_MOST


def may_be_cut(collection: Any) -> bool:
    """Whether rows of an embedded V2 collection may be missing that no other call tells (Deposco §4.1)."""
    if not isinstance(collection, Mapping) or "data" not in collection:
        return False
    return collection.get("complete") is False or len(as_list(collection["data"])) >= EMBEDDED_AT_MOST


def _is_code(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and value != ""


def _name(key: Any) -> str:
    return str(key).removeprefix("@")


def embedded(*names: str) -> BeforeValidator:
    return BeforeValidator(lambda value: tuple(rows_of(value, *names)))


def _keyed(value: Any) -> Any:
    return {} if value is None or value == "" else value


def _reference(value: Any) -> Any:
    """V1 names a record by its code alone: that is a business key without a name."""
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return {"businessKey": {"code": str(value), "number": str(value)}} if str(value).strip() else None
    return value


#: An object whose fields only its readers name; null and blank are empty.
Fields = Annotated[Mapping[str, Any], BeforeValidator(_keyed)]


class EntityRef(DeposcoPayload):
    """A reference to another record: by id, by business key, or both."""

    id: OptionalId = None
    business_key: Fields = Field(default_factory=dict)
    href: Text = ""

    def key(self, name: str) -> str | None:
        """A part of the business key as text; None where the reference does not say it."""
        value = self.business_key.get(name)
        return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else None


Reference = Annotated[EntityRef | None, BeforeValidator(_reference)]


class Note(DeposcoPayload):
    """A note on a record."""

    title: Text = ""
    body: Text = ""


class Pack(DeposcoPayload):
    """How units are packed; `quantity` is units per pack."""

    type: Text = ""
    quantity: OptionalAmount = None
    business_key: Fields = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _by_key(cls, value: Any) -> Any:
        """A reference to a pack says its size in the business key (Deposco §3.1)."""
        named = value.get("businessKey") if isinstance(value, Mapping) else None
        if isinstance(named, Mapping) and value.get("quantity") is None:
            return {**value, "quantity": named.get("quantity")}
        return value

    @property
    def units(self) -> Decimal:
        """Units per pack; 1 where it does not say: we order Eaches."""
        return self.quantity or Decimal(1)


def item_number(named: str, item: EntityRef | None, pack: Pack | None) -> str | None:
    """The SKU that a line is about; None where it refers to its item by id alone."""
    if named:
        return named
    said = item.key("number") if item else None
    if said is None and pack:
        inside = pack.business_key.get("item.number")
        return str(inside) if isinstance(inside, (str, int)) else None
    return said
