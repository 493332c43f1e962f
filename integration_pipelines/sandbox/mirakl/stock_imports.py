"""The stock imports of one shop: WAITING → RUNNING → COMPLETE or FAILED, one after the other (STO01).

An import sets absolute figures at the moment it is carried out, whatever was ordered since the file was
written: that race is the client's to win (mirakl.md §5.5). COMPLETE says nothing about single lines.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from integration_pipelines.sandbox.agenda import Agenda
from integration_pipelines.sandbox.mirakl.dates import to_milliseconds
from integration_pipelines.sandbox.mirakl.offer_book import OfferBook
from integration_pipelines.sandbox.mirakl.stock_files import (
    StockFile,
    StockLine,
    UnreadableFileError,
    error_report,
    judge,
    read_stock_file,
)

WAITING, RUNNING, COMPLETE, FAILED = "WAITING", "RUNNING", "COMPLETE", "FAILED"
_WAITING_SHARE = 0.4  # of the time from receipt to end, when nothing else is being imported


@dataclass(slots=True)
class StockImport:
    """One import. `outcomes` by line number: applied, ignored, or the reason of the refusal."""

    import_id: str
    content: bytes
    received: datetime
    status: str = WAITING
    applied: datetime | None = None
    file: StockFile | None = None
    report: bytes | None = None
    outcomes: dict[int, str] = field(default_factory=dict)
    refused: int = 0

    def truth(self) -> dict[str, Any]:
        """What was sent and what came of it."""
        lines = self.file.lines if self.file else ()
        return {
            "received_at": self.received.isoformat(),
            "applied_at": self.applied and self.applied.isoformat(),
            "status": self.status,
            "lines": [
                [line.number, line.sku, line.quantity, line.warehouse, self.outcomes.get(line.number)]
                for line in lines
            ],
        }


class StockImports:
    """Receives imports and carries them out in the order of their receipt."""

    def __init__(self, book: OfferBook, agenda: Agenda, random: Random) -> None:
        self.imports: dict[str, StockImport] = {}
        self._book = book
        self._agenda = agenda
        self._random = random
        self._busy_until: datetime | None = None
        self._to_fail = 0

    def fail_next(self, times: int = 1) -> None:
        """Let the next imports end FAILED without effect, as after a fault at the operator."""
        self._to_fail += times

    def receive(self, content: bytes, now: datetime) -> StockImport:
        """Take a file in."""
        import_id = str(UUID(int=self._random.getrandbits(128), version=4))
        received = self.imports[import_id] = StockImport(import_id, content, to_milliseconds(now))
        seconds = self._random.uniform(*self._book.settings.import_seconds)
        starts = max(now + timedelta(seconds=seconds * _WAITING_SHARE), self._busy_until or now)
        ends = starts + timedelta(seconds=seconds * (1 - _WAITING_SHARE))
        self._busy_until = ends
        self._agenda.add(starts, lambda _: self._start(received))
        self._agenda.add(ends, lambda due: self._finish(received, due))
        return received

    def truth(self) -> dict[str, Any]:
        return {import_id: each.truth() for import_id, each in self.imports.items()}

    def _start(self, running: StockImport) -> None:
        running.status = RUNNING
        try:
            running.file = read_stock_file(running.content)
        except UnreadableFileError:
            running.status = FAILED
        running.content = b""

    def _finish(self, running: StockImport, now: datetime) -> None:
        if self._to_fail:
            self._to_fail -= 1
            running.status = FAILED
        if running.file is None or running.status == FAILED:
            return
        faults = judge(running.file, self._book)
        for lines in running.file.groups():
            if lines[0].number in faults:
                running.outcomes |= {line.number: faults[line.number] for line in lines}
            else:
                outcome = self._carry_out(lines, now, running.import_id)
                running.outcomes |= {line.number: outcome for line in lines}
        running.refused = len(faults)
        running.report = error_report(running.file, faults) if faults else None
        running.applied = now
        running.status = COMPLETE

    def _carry_out(self, lines: list[StockLine], now: datetime, import_id: str) -> str:
        offer = self._book.find(lines[0].sku or "")
        if offer is None or offer.ignores_imports:
            return "ignored"
        if lines[0].warehouse:
            figures = {line.warehouse: None if line.action == "delete" else line.units for line in lines}
            offer.set_warehouses(figures, now, import_id)
        else:
            offer.set_quantity(lines[-1].units or 0, now, import_id)
        return "applied"
