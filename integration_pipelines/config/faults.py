"""What is wrong with a configuration, one line per fault, all of them at once.

Only the shape of a report is here; who finds the faults is `tree`, `words`, `load` and `secrets`.
Values are quoted cut short and escaped, and never where a secret might stand by mistake.
"""

from collections.abc import Iterable
from dataclasses import dataclass

LONGEST_QUOTE = 60


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing to correct.

    Attributes:
        line: counted from 1; 0 when the fault has no place in a file.
        column: counted from 1; 0 likewise.
        path: the dotted place (`channels.alpine.store`), empty for the file as a whole.
        problem: what is wrong and what to write instead.
    """

    line: int
    column: int
    path: str
    problem: str

    def shown(self, source: str) -> str:
        """The fault as people read it; `source` is the file's name."""
        place = f"{source}:{self.line}:{self.column}: " if self.line else ""
        return f"{place}{self.path}: {self.problem}" if self.path else f"{place}{self.problem}"


class ConfigurationError(Exception):
    """The configuration cannot be used; the message lists every fault."""

    def __init__(self, source: str, faults: Iterable[Fault]) -> None:
        self.source = source
        self.faults = tuple(sorted(faults))
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        lines = "".join(f"\n  {fault.shown(source)}" for fault in self.faults)
        super().__init__(f"{source} has {count}; nothing was started.{lines}")


def quoted(text: object) -> str:
    """A value from the file, safe to print on one line."""
    shown = ascii(text) if isinstance(text, str) and not text.isprintable() else repr(text)
    return shown if len(shown) <= LONGEST_QUOTE else f"{shown[:LONGEST_QUOTE]}…"


def dotted(path: Iterable[object]) -> str:
    """`("channels", "alpine", "store")` as `channels.alpine.store`."""
    parts = (str(part) for part in path)
    return ".".join(
        part if part.isprintable() and len(part) <= LONGEST_QUOTE else quoted(part) for part in parts
    )
