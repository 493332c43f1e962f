"""The offer exports of one account: asked for, generated after a while, kept as files (OF52 to OF54).

    PENDING → COMPLETED or FAILED

A file is found by its tracking id alone: clients fetch it with the key and nothing else (mirakl.md §13.1).
What they hold is in `offer_files.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from integration_pipelines.sandbox.agenda import Agenda
from integration_pipelines.sandbox.mirakl.dates import to_milliseconds

PENDING, COMPLETED, FAILED = "PENDING", "COMPLETED", "FAILED"
_SAME_REQUEST_WITHIN = timedelta(minutes=1)  # how long a repetition gets the same export is not published


@dataclass(slots=True)
class OfferExport:
    """One export. `fingerprint` tells identical requests."""

    tracking_id: str
    fingerprint: str
    requested: datetime
    updated: datetime
    content_type: str
    status: str = PENDING
    error: str | None = None
    files: list[bytes] = field(default_factory=list)


class OfferExports:
    """Receives export requests and generates their files; shared by the account's shops."""

    def __init__(self, agenda: Agenda, random: Random, seconds: tuple[float, float]) -> None:
        self.exports: dict[str, OfferExport] = {}
        self._agenda = agenda
        self._random = random
        self._seconds = seconds
        self._errors: list[str] = []

    def fail_next(self, detail: str = "Internal error") -> None:
        """Let the next export end FAILED."""
        self._errors.append(detail)

    def repeated(self, fingerprint: str, now: datetime) -> OfferExport | None:
        """The export that an identical request is given instead of a new one."""
        for export in reversed(self.exports.values()):
            young = now - export.requested < _SAME_REQUEST_WITHIN
            if export.fingerprint == fingerprint and (export.status == PENDING or young):
                return export
        return None

    def request(
        self, fingerprint: str, content_type: str, now: datetime, generate: Callable[[], Sequence[bytes]]
    ) -> OfferExport:
        """Start an export, unless an identical one is there; `generate` makes the files when it is due."""
        if (existing := self.repeated(fingerprint, now)) is not None:
            return existing
        tracking_id = str(UUID(int=self._random.getrandbits(128), version=4))
        moment = to_milliseconds(now)
        export = OfferExport(tracking_id, fingerprint, moment, moment, content_type)
        self.exports[tracking_id] = export

        def finish(due: datetime) -> None:
            export.updated = to_milliseconds(due)
            if self._errors:
                export.status, export.error = FAILED, self._errors.pop(0)
            else:
                export.files, export.status = list(generate()), COMPLETED

        self._agenda.add(now + timedelta(seconds=self._random.uniform(*self._seconds)), finish)
        return export
