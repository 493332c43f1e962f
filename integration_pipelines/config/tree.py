"""YAML text → plain dictionaries, lists and texts, each with its place in the file.

Built from the parser's events, not from constructed objects, for three reasons: every value keeps
its place, a plain value stays the text that was written (`store: 0123` does not become 83 or 123),
and nothing in the file can run code or grow: tags, anchors and aliases are refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from integration_pipelines.config.faults import Fault, dotted, quoted

DEEPEST = 12
MOST_TAB_FAULTS = 20
_NOTHING = ("", "~", "null", "Null", "NULL")

Path = tuple[str | int, ...]


@dataclass(slots=True)
class Tree:
    """What a file says.

    Attributes:
        content: dictionaries, lists, texts and `None`; numbers are still texts.
        values: place (line, column from 1) of each value by path.
        keys: place of each key by path.
        faults: what could not be read; `content` holds the rest.
    """

    content: Any = None
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def place(self, path: Path) -> tuple[int, int]:
        """Where `path` stands; the nearest enclosing block when it is not in the file."""
        while path and path not in self.keys and path not in self.values:
            path = path[:-1]
        return self.keys.get(path) or self.values.get(path) or (1, 1)

    def value_place(self, path: Path) -> tuple[int, int]:
        return self.values.get(path) or self.place(path)

    def add(self, place: tuple[int, int], path: Path, problem: str) -> None:
        self.faults.append(Fault(*place, dotted(path), problem))


def read_tree(text: str) -> Tree:
    """Read one YAML document; never raises, whatever the text is."""
    tree = Tree()
    _refuse_tabs(text, tree)
    if tree.faults:
        return tree
    try:
        _Reader(text, tree).read()
    except _CannotGoOnError:
        pass  # the fault is in the tree
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        said = " ".join(str(part) for part in (error.context, error.problem) if part)
        tree.add(place, (), f"not readable as YAML: {said}. Check indentation, colons and quotes here.")
    except (YAMLError, ValueError, OverflowError) as error:
        said = " ".join(str(error).split())
        tree.add((1, 1), (), f"not readable as YAML: {quoted(said)}")
    return tree


class _CannotGoOnError(Exception):
    """The rest of the file has no meaning after this fault."""


class _Reader:
    def __init__(self, text: str, tree: Tree) -> None:
        self._events: Iterator[Event] = YAML(typ="safe", pure=True).parse(text)
        self._tree = tree

    def read(self) -> None:
        documents = 0
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._tree.add(
                        _place(event), (), "a second document starts here; keep one (remove `---`)"
                    )
                    return
                self._tree.content = self._value(next(self._events), ())

    def _value(self, event: Event, path: Path) -> Any:
        self._tree.values[path] = _place(event)
        if isinstance(event, AliasEvent):
            self._tree.add(_place(event), path, "an alias (*) is not supported here: write the block out")
            raise _CannotGoOnError
        if getattr(event, "anchor", None):
            self._tree.add(_place(event), path, "an anchor (&) is not supported here: write the block out")
        if tag := getattr(event, "tag", None):
            self._tree.add(
                _place(event), path, f"a tag ({quoted(str(tag))}) is not supported here: remove it"
            )
        if len(path) > DEEPEST:
            self._tree.add(_place(event), path[:3], f"nested more than {DEEPEST} levels deep")
            raise _CannotGoOnError
        if isinstance(event, MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(path)
        written: str = getattr(event, "value", "")
        plain = getattr(event, "style", None) is None
        return None if plain and written in _NOTHING else written

    def _mapping(self, path: Path) -> dict[str, Any]:
        content: dict[str, Any] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            if not isinstance(event, ScalarEvent):
                self._tree.add(_place(event), path, "a key must be a plain word")
                raise _CannotGoOnError
            key = str(event.value)
            here = (*path, key)
            if key in content:
                line = self._tree.keys[here][0]
                self._tree.add(_place(event), here, f"this key stands twice, first in line {line}; keep one")
                self._value(next(self._events), (*path, f"{key} (again)"))
                continue
            self._tree.keys[here] = _place(event)
            content[key] = self._value(next(self._events), here)
        return content

    def _sequence(self, path: Path) -> list[Any]:
        content: list[Any] = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            content.append(self._value(event, (*path, len(content))))
        return content


def _place(event: Event) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _refuse_tabs(text: str, tree: Tree) -> None:
    for number, line in enumerate(text.splitlines(), start=1):
        blank = line[: len(line) - len(line.lstrip())]
        if "\t" in blank and line.strip() and not line.lstrip().startswith("#"):
            tree.add((number, blank.index("\t") + 1), (), "a tab indents this line; YAML allows only spaces")
        if len(tree.faults) >= MOST_TAB_FAULTS:
            return
