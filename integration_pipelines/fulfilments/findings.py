"""What a person should know beyond single orders: carriers, and parcels that cannot be read. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from integration_pipelines.exceptions.findings import Finding, Severity
from integration_pipelines.exceptions.taxonomy import Code
from integration_pipelines.fulfilments.carriers import CarrierBook

_PRESSES_WITHIN = 4 * 3600  # seconds before the nearest dispatch deadline


@dataclass(frozen=True, slots=True)
class Waiting:
    """Orders that wait for one carrier to be mapped.

    Attributes:
        name: as the warehouse calls it.
        ship_by: their nearest dispatch deadline, aware.
        order_ids: the first of them.
    """

    name: str
    orders: int
    ship_by: datetime | None
    order_ids: Sequence[str]


def unmapped_carriers(
    channel: str, waiting: Sequence[Waiting], book: CarrierBook, now: datetime
) -> list[Finding]:
    """One finding per carrier, with the operator's nearest carriers and the first deadline (M17)."""
    return [_unmapped(channel, each, book, now) for each in waiting]


def gone_carriers(marketplace: str, book: CarrierBook) -> list[Finding]:
    """One finding per mapped code that the operator does not list (F20)."""
    return [
        Finding(
            Code.CARRIER_GONE,
            f"{marketplace} carrier {name}",
            f"{name!r} is told as {code!r}, which the marketplace does not list. {_offered(book, code)}",
            details={"code": code},
        )
        for name, code in sorted(book.gone().items())
    ]


def unreadable_parcels(source: str, records: Mapping[str, str]) -> list[Finding]:
    """One finding per account; `records` is reference → what is wrong with it."""
    if not records:
        return []
    words = f"{len(records)} of its parcels cannot be read: {', '.join(list(records)[:20])}"
    return [Finding(Code.UNREADABLE_PARCEL, source, words, details={"records": dict(records)})]


def _unmapped(channel: str, waiting: Waiting, book: CarrierBook, now: datetime) -> Finding:
    orders = f"{waiting.orders} order{'' if waiting.orders == 1 else 's'}"
    words = f"{orders} left with {waiting.name!r}, which nobody has mapped. {_offered(book, waiting.name)}"
    return Finding(
        Code.UNMAPPED_CARRIER,
        f"{channel} carrier {waiting.name}",
        words,
        severity=_severity(waiting.ship_by, now),
        deadline=waiting.ship_by,
        details={
            "carrier": waiting.name,
            "candidates": {each.code: each.label for each in book.candidates(waiting.name)},
            "orders": list(waiting.order_ids),
            "repair": f'exceptions map-carrier {channel} "{waiting.name}" CODE',
        },
    )


def _severity(deadline: datetime | None, now: datetime) -> Severity:
    if deadline is None:
        return Severity.WARNING
    seconds = (deadline - now).total_seconds()
    if seconds <= 0:
        return Severity.BREACHED
    return Severity.URGENT if seconds <= _PRESSES_WITHIN else Severity.WARNING


def _offered(book: CarrierBook, name: str) -> str:
    nearest = [f"{each.code} ({each.label})" for each in book.candidates(name)]
    return f"The nearest are: {', '.join(nearest)}." if nearest else "The marketplace lists none like it."
