"""Deposco's two renderings of one document, XML and JSON, as one shape of plain values (Deposco §3.2).

JSON mirrors XML: repeated elements are lists, attributes carry an `@`, the root element's name is
left out. So XML is read into exactly that, and nothing behind this module knows which one came.

Surprising, and on purpose: which of the two it is follows from the first visible character, because
the content type lies; and XML with a document type declaration is refused before anything in it is
read, because that is where entity bombs and references to other files live.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape

from integration_pipelines.connectors.http import Content
from integration_pipelines.connectors.wire import read_json, storable, write_json

TEXT = "#text"  # where the text of an element stands that has attributes too
ROOT = "@root"  # the root element's name, absent in JSON
_DEEPEST = 60
_BOM = b"\xef\xbb\xbf"


def read_document(body: bytes) -> Any:
    """The value of an answer in either rendering.

    Raises:
        ValueError: for anything else: blank, plain text, HTML, damaged or hostile XML.
    """
    start = body.removeprefix(_BOM).lstrip()
    return read_xml(start) if start.startswith(b"<") else read_json(body)


def read_xml(body: bytes) -> dict[str, Any]:
    """An XML document as JSON would say it, the root element's name under `@root`.

    Raises:
        ValueError: when it is not well-formed, is HTML, declares a document type, or is nested too deeply.
    """
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=None)
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.refuse_doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, LookupError) as error:  # LookupError: an encoding that does not exist
        raise ValueError(f"the XML is damaged: {error}") from None
    if reader.root_name.lower() == "html":
        raise ValueError("a web page is not a document")
    found = reader.root_value
    value = found if isinstance(found, dict) else {} if found in (None, "") else {TEXT: found}
    return {ROOT: reader.root_name, **value}


def as_list(value: Any) -> list[Any]:
    """A collection in any of its forms: missing, nil, blank, one object, or a list."""
    if is_nil(value) or value == "":
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def is_nil(value: Any) -> bool:
    """Whether the value is null, or XML's nil in its JSON form."""
    return value is None or (
        isinstance(value, dict) and str(value.get("@nil", value.get("@xsi:nil", ""))).lower() == "true"
    )


def xml_content(root: str, namespace: str, child: str, records: Sequence[Mapping[str, Any]]) -> Content:
    """Records as an XML request: only the root is qualified, fields come in the order of the mapping."""
    inner = "".join(_element(child, record) for record in records)
    declared = '<?xml version="1.0" encoding="UTF-8"?>'
    text = f'{declared}<ns2:{root} xmlns:ns2="{escape(namespace)}">{inner}</ns2:{root}>'
    return Content("application/xml", text.encode("utf-8", errors="replace"), {child: list(records)})


def json_content(child: str, records: Sequence[Mapping[str, Any]]) -> Content:
    """The same records in the JSON rendering: numbers and flags are text there."""
    value = {child: [_as_text(record) for record in records]}
    return Content("application/json", write_json(value), value)


def _as_text(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _as_text(item) for name, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [_as_text(item) for item in value]
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _element(name: str, value: Any) -> str:
    return "".join(_elements(name, value))


def _elements(name: str, value: Any) -> Iterator[str]:
    if value is None:
        return
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _elements(name, item)
    elif isinstance(value, Mapping):
        yield f"<{name}>"
        for field, item in value.items():
            yield from _elements(field, item)
        yield f"</{name}>"
    else:
        yield f"<{name}>{escape(_xml_text(_scalar(value)))}</{name}>"


def _xml_text(text: str) -> str:
    """`text` without the control characters that XML cannot say at all."""
    return "".join(c if c >= " " or c in "\t\n\r" else " " for c in storable(text)).translate(
        {0xFFFE: " ", 0xFFFF: " "}
    )


class _Reader:
    """Builds the value while expat walks through the document."""

    def __init__(self) -> None:
        self.root_name = ""
        self.root_value: Any = None
        self._open: list[tuple[str, dict[str, Any], list[str]]] = []

    def refuse_doctype(self, *_: object) -> None:
        raise ValueError("XML with a document type declaration is refused: it can hide an entity bomb")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= _DEEPEST:
            raise ValueError("the XML is nested too deeply")
        said = {
            f"@{_local(key)}": storable(value)
            for key, value in attributes.items()
            if key != "xmlns" and not key.startswith(("xmlns:", "xsi:schemaLocation"))
        }
        self._open.append((_local(name), said, []))

    def text(self, text: str) -> None:
        self._open[-1][2].append(text)

    def end(self, _name: str) -> None:
        name, fields, texts = self._open.pop()
        value = _value(fields, storable("".join(texts)))
        if not self._open:
            self.root_name, self.root_value = name, value
            return
        siblings = self._open[-1][1]
        if name not in siblings:
            siblings[name] = value
        elif isinstance(siblings[name], list):
            siblings[name].append(value)
        else:
            siblings[name] = [siblings[name], value]


def _value(fields: dict[str, Any], text: str) -> Any:
    if is_nil(fields):
        return None
    if not fields:
        return text
    if text.strip():
        fields[TEXT] = text
    return fields


def _local(name: str) -> str:
    return name.rpartition(":")[2]
