"""Who a warehouse's carrier is on a marketplace. Pure.

Names and codes are compared exactly, never by likeness (F20, Mirakl §4); likeness only orders what a person
is offered to choose from. `carrier/service` is more particular than `carrier`, what a person taught wins
over the file, and a code over a name.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from integration_pipelines.config import UnregisteredCarrier
from integration_pipelines.fulfilments.facts import ParcelFacts, Tracking

_NUMBER = "{number}"
_CANDIDATES = 5
_ALIKE = 0.4


@dataclass(frozen=True, slots=True)
class Listed:
    """A carrier that the operator has registered (SH21).

    Attributes:
        needs_number: its code is taken only with a tracking number (Mirakl §4).
    """

    code: str
    label: str
    needs_number: bool = False


@dataclass(frozen=True, slots=True)
class CarrierBook:
    """All that is known about carriers on one marketplace.

    Attributes:
        configured, learned: the warehouse's name → a code.
        by_name: the warehouse's name → how it is told without a code.
        listed: code → carrier; empty when the list was never read.
        always_tracked: shipping types whose parcels are not taken without tracking (SH12, F22).
    """

    configured: Mapping[str, str] = field(default_factory=dict)
    learned: Mapping[str, str] = field(default_factory=dict)
    by_name: Mapping[str, UnregisteredCarrier] = field(default_factory=dict)
    listed: Mapping[str, Listed] = field(default_factory=dict)
    always_tracked: frozenset[str] = frozenset()

    def knows(self, parcel: ParcelFacts) -> bool:
        """Whether somebody said who carries it."""
        return any(self._code(name) or name in self.by_name for name in _names(parcel))

    def tracking(self, parcel: ParcelFacts) -> Tracking | None:
        """The tracking details of a parcel; None while they would be refused: no name, or no number yet."""
        for name in _names(parcel):
            if code := self._code(name):
                listed = self.listed.get(code)
                if listed and listed.needs_number and not parcel.tracking_number:
                    return None
                url = parcel.tracking_url or None
                return Tracking(code, listed.label if listed else None, parcel.tracking_number, url)
            if free := self.by_name.get(name):
                url = parcel.tracking_url or _filled(free.url, parcel.tracking_number)
                return Tracking(None, free.name, parcel.tracking_number, url)
        return None

    def gone(self) -> dict[str, str]:
        """Names whose code the operator does not have any more; empty while its list is not known."""
        if not self.listed:
            return {}
        told = {**self.configured, **self.learned}
        return {name: code for name, code in told.items() if code not in self.listed}

    def candidates(self, name: str) -> list[Listed]:
        """The operator's carriers that are called most alike, the nearest first."""
        wanted = name.partition("/")[0].casefold()

        def likeness(carrier: Listed) -> float:
            spelled = (carrier.code.casefold(), carrier.label.casefold())
            within = any(wanted and (wanted in each or each in wanted) for each in spelled if each)
            ratio = max(difflib.SequenceMatcher(None, wanted, each).ratio() for each in spelled)
            return max(ratio, 0.9) if within else ratio

        ranked = sorted(self.listed.values(), key=lambda each: (-likeness(each), each.code))
        return [each for each in ranked[:_CANDIDATES] if likeness(each) >= _ALIKE]

    def _code(self, name: str) -> str | None:
        """A code that the operator does not have any more is none: all that have it wait for a person."""
        told = (self.learned.get(name), self.configured.get(name))
        return next((code for code in told if code and (not self.listed or code in self.listed)), None)


def asked_name(names: Sequence[str]) -> str:
    """The name under which a carrier is asked for: the best that the warehouse has."""
    return next(iter(names), "") or "(no name)"


def _names(parcel: ParcelFacts) -> Iterator[str]:
    for name in parcel.names or (asked_name(()),):
        if parcel.service:
            yield f"{name}/{parcel.service}"
        yield name


def _filled(url: str | None, number: str | None) -> str | None:
    if url is None or (_NUMBER in url and not number):
        return None
    return url.replace(_NUMBER, number or "")
