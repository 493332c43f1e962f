"""What pydantic found, in words for the person who wrote the file.

Unknown kinds of error keep pydantic's own sentence, so nothing is lost when the models grow.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from integration_pipelines.config.faults import quoted
from integration_pipelines.config.models import Channels
from integration_pipelines.config.warehouses import WarehouseSystem

_SYSTEMS = [system.value for system in WarehouseSystem]
_TAGS = [(system,) for system in _SYSTEMS]
KEY_OF_A_DICTIONARY = "[key]"  # how pydantic says that not the value but its key is wrong
_VARIABLE_NAME = (
    "must be the NAME of an environment variable, such as ALPINE_API_KEY (capitals, digits, _); never write "
    "the API key itself into this file"
)
_PATTERNS = {
    "currency": "must be a currency code of three capital letters, such as EUR",
    "number_prefix": "must be 1 to 16 letters, digits or _, such as AL",
    "guest_email_domain": "must be a domain that you own in small letters, such as orders.example.com",
}
_SECRET_PLACES = tuple(
    f"{name}_variable"
    for name in ("api_key", "client_id", "client_secret", "refresh_token", "user", "password")
)
_EXPECTED = {
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "decimal_parsing": "must be a number",
    "decimal_type": "must be a number",
    "string_type": "must be one text",
    "string_too_short": "must not be empty",
    "url_parsing": "must be a web address such as https://marketplace.example.com",
    "url_scheme": "must be a web address that starts with https://",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "time_parsing": "must be a time of day such as 03:30",
    "time_type": "must be a time of day such as 03:30",
    "timezone_aware": "must say its time zone, as in 2026-01-31T00:00:00+01:00",
    "datetime_from_date_parsing": "must be a date and time with its zone, as in 2026-01-31T00:00:00+01:00",
    "url_type": "must be a web address such as https://marketplace.example.com",
    "model_type": "must be a block of keys and values",
    "model_attributes_type": "must be a block of keys and values",
    "dict_type": "must be a block of keys and values",
}


def place_in_file(error: ErrorDetails) -> tuple[int | str, ...]:
    """`error["loc"]` as the file has it: pydantic also names the model that a block's `system` chose."""
    place = error["loc"]
    if error["type"].startswith("union_tag_"):
        return (*place, "system")
    return place[:2] + place[3:] if place[:1] == ("warehouses",) and place[2:3] in _TAGS else place


def in_words(error: ErrorDetails) -> str:
    """One sentence that says what is wrong at `error["loc"]` and what to write."""
    place = error["loc"]
    if error["type"] == "union_tag_not_found":
        return f"`system` is missing (which warehouse system it is: {' or '.join(_SYSTEMS)})"
    if error["type"] == "union_tag_invalid":
        return _one_of(_SYSTEMS, error["ctx"]["tag"])
    kind, given, name = error["type"], error.get("input"), str(place[-1]) if place else ""
    if kind == "extra_forbidden":
        return _unknown_key(place)
    if kind == "missing":
        return f"`{name}` is missing{_meaning(place)}"
    if name == KEY_OF_A_DICTIONARY:
        return "this name must be 2 to 41 small letters, digits or _, starting with a letter"
    if given is None:
        return f"is empty{_meaning(place)}; fill it in or remove the line"
    if name == "buffer_owner" and isinstance(given, list | dict):
        return "exactly one side keeps back stock: integration, warehouse or marketplace, not several"
    if kind == "enum":
        return _one_of(_choices(place), given)
    if kind == "string_pattern_mismatch" and name in _SECRET_PLACES:
        return _VARIABLE_NAME
    if kind == "string_pattern_mismatch" and name in _PATTERNS:
        return _PATTERNS[name] + _but(name, given)
    if kind in ("too_short", "dict_too_short"):
        return "needs at least one entry"
    if kind == "value_error":
        return str(error["ctx"]["error"]) if "ctx" in error else error["msg"]
    return _EXPECTED.get(kind, error["msg"]) + _but(name, given)


def _one_of(choices: Sequence[str], given: object) -> str:
    return f"must be one of {', '.join(choices)}, not {quoted(given)}{suggestion(str(given), choices)}"


def suggestion(given: str, known: Iterable[str]) -> str:
    """`; did you mean x?` when something known is close, else nothing."""
    near = difflib.get_close_matches(given.lower(), list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def _but(name: str, given: object) -> str:
    return "" if name in _SECRET_PLACES or isinstance(given, Mapping) else f", not {quoted(given)}"


def _unknown_key(place: tuple[int | str, ...]) -> str:
    model = _type_at(place[:-1])
    known = list(_fields(model))
    return "unknown key" + (suggestion(str(place[-1]), known) or f"; known here: {', '.join(known)}")


def _meaning(place: tuple[int | str, ...]) -> str:
    model = _type_at(place[:-1])
    said = _fields(model)[str(place[-1])].description if _is_model(model) and place else None
    return f" ({said})" if said else ""


def _choices(place: tuple[int | str, ...]) -> list[str]:
    kind = _type_at(place)
    return [str(choice.value) for choice in kind] if isinstance(kind, type) and issubclass(kind, Enum) else []


def _type_at(place: tuple[int | str, ...]) -> Any:
    """The annotation that the models give to a place in the file."""
    kind: Any = Channels
    for part in place:
        if _is_model(kind):
            known = _fields(kind).get(str(part))
            kind = known.annotation if known else None
        elif get_origin(kind) in (dict, Mapping):
            kind = get_args(kind)[1]
        elif get_origin(kind) is tuple:
            kind = get_args(kind)[0]
        elif get_origin(kind) in (UnionType, Union):  # the part names the block's `system`
            kind = next((model for model in get_args(kind) if _serves(model, part)), None)
        kind = _without_none(kind)
    return kind


def _without_none(kind: Any) -> Any:
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in (UnionType, Union):
        options = [option for option in get_args(kind) if option is not type(None)]
        return options[0] if len(options) == 1 else kind
    return kind


def _serves(model: Any, system: object) -> bool:
    return _is_model(model) and system in get_args(model.model_fields["system"].annotation)


def _fields(model: Any) -> dict[str, FieldInfo]:
    """The fields of a block by the key that the file has for them."""
    fields = model.model_fields if _is_model(model) else {}
    return {field.alias or name: field for name, field in fields.items()}


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
