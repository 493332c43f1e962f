"""One document, two spellings: V1's XML and the JSON that mirrors it (contract 3.2).

A tree is a dict of texts, trees, lists of these, or None for nil. In JSON numbers stay texts, a list of
one may collapse to its element and nil is an object; in XML a list repeats its element. XML with a
document type is refused, so entities cannot be declared. XML comes without namespaces: only the root has one.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from xml.parsers.expat import ExpatError, ParserCreate

from integration_pipelines.sandbox.deposco.records import RefusalError

Tree = dict[str, Any]

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


def as_list(value: Any) -> list[Any]:
    """What may be missing, one or many."""
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def to_xml(root: str, family: str, tree: Tree) -> bytes:
    """A document of the family's namespace; keys with `@` become attributes."""
    namespace = f"http://integration.deposco.com/{family}"
    start = f'<ns2:{root} xmlns:ns2="{namespace}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    inner = "".join(_elements(name, value) for name, value in tree.items())
    return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>{start}>{inner}</ns2:{root}>'.encode()


def to_json(tree: Tree, *, collapse: bool) -> bytes:
    """The mirror; with `collapse` a list of one becomes its element."""
    return json.dumps(_mirrored(tree, collapse), separators=(",", ":")).encode()


def from_xml(body: bytes) -> tuple[str, Tree]:
    """The root's local name and the tree below it.

    Raises:
        RefusalError: a bare 400, not XML or with a document type.
    """
    reader = _Reader()
    parser = ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.document_type
    try:
        parser.Parse(body, True)
    except (ExpatError, ValueError):
        raise RefusalError(400) from None
    return reader.root, reader.tree if isinstance(reader.tree, dict) else {}


class _Reader:
    """Builds the tree while the parser reads."""

    def __init__(self) -> None:
        self.root = ""
        self.tree: Any = {}
        self._open: list[tuple[str, Tree, list[str]]] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        fields = {f"@{key}": value for key, value in attributes.items() if " " not in key}
        self._open.append((name.rpartition(" ")[2], {**fields}, []))

    def text(self, written: str) -> None:
        self._open[-1][2].append(written)

    def end(self, _: str) -> None:
        name, children, texts = self._open.pop()
        value: Any = children or "".join(texts).strip()
        if not self._open:
            self.root, self.tree = name, value
            return
        siblings = self._open[-1][1]
        if name in siblings:
            siblings[name] = [*as_list(siblings[name]), value]
        else:
            siblings[name] = value

    def document_type(self, *_: object) -> None:
        raise ValueError("document types are refused")


def _elements(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_elements(name, one) for one in value)
    if value is None:
        return f'<{name} xsi:nil="true"/>'
    if isinstance(value, dict):
        attributes = "".join(
            f' {key[1:]}="{_escaped(one)}"' for key, one in value.items() if key.startswith("@")
        )
        inner = "".join(_elements(key, one) for key, one in value.items() if not key.startswith("@"))
        return f"<{name}{attributes}>{inner}</{name}>" if inner else f"<{name}{attributes}/>"
    return f"<{name}>{_escaped(value)}</{name}>" if value != "" else f"<{name}/>"


def _escaped(value: Any) -> str:
    return re.sub('[&<>"]', lambda found: _ESCAPES[found[0]], _NOT_XML.sub("", str(value)))


def _mirrored(value: Any, collapse: bool) -> Any:
    if isinstance(value, dict):
        return {key: _mirrored(one, collapse) for key, one in value.items()}
    if isinstance(value, list):
        rows = [_mirrored(one, collapse) for one in value]
        return rows[0] if collapse and len(rows) == 1 else rows
    return {"@nil": "true"} if value is None else str(value)
