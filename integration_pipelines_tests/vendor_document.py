"""The vendor's OpenAPI document, where it lies beside the repository: it may not be copied into it.

Tests check against it where it is, and against what they restate of it everywhere.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

DOCUMENT = Path(__file__).parents[2] / "shared" / "contracts" / "mirakl-mmp-seller-openapi.json"
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
}


class Contract:
    """Finds what is wrong with a value according to a schema."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def answer_schema(self, operation: str, status: str = "200") -> dict[str, Any]:
        for known, described in self.operations():
            if known == operation:
                return dict(described["responses"][status]["content"]["application/json"]["schema"])
        raise LookupError(operation)

    def operations(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Code and description of every operation, with its `path` and `method`."""
        for path, methods in self.document["paths"].items():
            for method, described in methods.items():
                if isinstance(described, dict) and "operationId" in described:
                    yield (
                        described["operationId"],
                        {
                            **{"parameters": [], "path": path, "method": method},
                            **described,
                        },
                    )

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema that a reference names in the end."""
        while "$ref" in schema:
            found: Any = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            schema = found
        return schema

    def faults(self, schema: dict[str, Any], value: Any, place: str = "$") -> Iterator[str]:
        schema = self.resolved(schema)
        if value is None:
            return
        expected = _TYPES.get(schema.get("type", ""), (object,))
        if not isinstance(value, expected) or (
            isinstance(value, bool) and expected in ((int,), (int, float))
        ):
            yield f"{place}: {type(value).__name__} is not {schema['type']}"
        elif "enum" in schema and value not in schema["enum"]:
            yield f"{place}: {value!r} is not one of the known codes"
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self.faults(schema.get("items", {}), item, f"{place}[{index}]")
        elif isinstance(value, dict):
            missing = [name for name in schema.get("required", []) if name not in value]
            yield from (f"{place}.{name}: missing" for name in missing)
            for name, inner in schema.get("properties", {}).items():
                if name in value:
                    yield from self.faults(inner, value[name], f"{place}.{name}")


@cache
def vendor_contract() -> Contract:
    """The document, or one without operations where it is not at hand."""
    return Contract(json.loads(DOCUMENT.read_text()) if DOCUMENT.exists() else {"paths": {}})


def vendor_examples(operation: str) -> list[Any]:
    """The JSON examples of an operation's good answer; none where the document is not at hand.

    Raises:
        LookupError: the document is at hand and has none, so a test would check nothing.
    """
    found = [
        example["value"]
        for known, described in vendor_contract().operations()
        if known == operation
        for example in described["responses"]["200"]["content"]["application/json"]["examples"].values()
        if not isinstance(example["value"], str)
    ]
    if not found and DOCUMENT.exists():
        raise LookupError(operation)
    return found
