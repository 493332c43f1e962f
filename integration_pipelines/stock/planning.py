"""Decides the next push to one marketplace from the ledger and journals it, in one transaction.

Most looks are at the SKUs of which something may have changed since the last one. All are looked at once
an hour, when a rule begins or ends to hold, and for a full push, which a large shop gets in several files.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from integration_pipelines.connectors.mirakl.stock_file import StockRow, fault
from integration_pipelines.ledger.intents import Plan, plan
from integration_pipelines.ledger.stock_pushes import (
    NewPush,
    drop_planned,
    newest_push,
    plan_push,
    push_key,
    released_brakes,
)
from integration_pipelines.ledger.watermarks import advance_watermark, read_watermark
from integration_pipelines.remote import IntentState
from integration_pipelines.stock.brakes import Brake, BrakeKind
from integration_pipelines.stock.decide import Push, changes, figures, next_push
from integration_pipelines.stock.facts import LineResult, OfferFacts
from integration_pipelines.stock.figure import Figure
from integration_pipelines.stock.records import read_line_results, read_on_sale, read_skus, read_snapshot
from integration_pipelines.stock.shop import Shop

KIND = "stock"
WHOLE_LOOK_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Planned:
    """What came of one look.

    Attributes:
        intent: None where nothing is to be told.
        lines: figures in it.
        full: it belongs to a full push.
        brake: what stopped figures.
        results: the SKUs whose newest push is not known to be applied.
        listed: the figure of every SKU that the marketplace lists; None when only some were looked at.
        unsendable: SKUs among those looked at that no file can carry, and why: they would spoil the others.
    """

    intent: Plan | None
    lines: int
    full: bool
    brake: Brake | None
    results: Sequence[LineResult]
    listed: Sequence[Figure] | None
    unsendable: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Planning:
    """Plans the pushes of one shop, each of at most `lines_per_push` figures; the rest is in the next."""

    shop: Shop
    lines_per_push: int

    def plan(
        self, connection: Connection, now: datetime, *, light: bool, suspected: Set[tuple[str, int]]
    ) -> Planned:
        """Decide and journal the next push.

        Args:
            now: aware.
            light: a full push waits for another pass.
            suspected: (SKU, figure) told already that did not arrive, or were changed by an order that is
                not known yet: not told again until that is clear.
        """
        again = None if light else self.full_due(connection, now)
        full = again is not None
        snapshot = read_snapshot(connection, self.shop.warehouse)
        policy = self.shop.policy_in_force(connection)
        since = None if full else self._last_look(connection, now)
        if since and self.shop.rules_at(policy, since) != self.shop.rules_at(policy, now):
            since = None  # every figure may have changed, not only those of which something happened
        known = list(
            read_skus(
                connection,
                self.shop.marketplace_key,
                self.shop.demand,
                exposure=self.shop.exposure,
                now=now,
                touched_since=since,
            )
        )
        offers = {offer.sku: offer for _, offer in known}
        counting = self.shop.counting(policy, now)
        wanted = list(figures((sku for sku, _ in known), policy, counting, snapshot, now))
        push = next_push(
            wanted,
            offers,
            policy,
            snapshot,
            frozenset(map(BrakeKind, released_brakes(connection, self.shop.marketplace_key, now))),
            now,
            full=full,
            on_sale=self._on_sale(connection, changed=bool(changes(wanted, offers, full=full))),
        )
        results = read_line_results(connection, self.shop.marketplace_key)
        if since is None:
            advance_watermark(connection, self._whole_looks, now, now)
        unsendable = _unsendable(wanted)
        settled = suspected | _settled(results)
        lines = [line for line in _to_tell(push, offers, settled, again) if line[0] not in unsendable]
        whole = len(lines) <= self.lines_per_push
        if push.brake is None and whole:
            advance_watermark(connection, self._looks, now, now)
        intent = self._journal(
            connection, lines[: self.lines_per_push], now, snapshot.as_of, full=full and whole
        )
        told = min(len(lines), self.lines_per_push)
        listed = wanted if since is None else None
        return Planned(intent, told, full, push.brake, results, listed, unsendable)

    def ask_for_all(self, connection: Connection, now: datetime) -> None:
        """Somebody wants every figure told again: a full push is due from now on."""
        advance_watermark(connection, self._asked, now, now)

    def full_due(self, connection: Connection, now: datetime) -> datetime | None:
        """Since when a full push is due: what was told before that is told again. None when it is not.

        Once a day, at the channel's own time (M13), and when somebody asks for it. In a large shop it takes
        several pushes, of which the last one counts as full.
        """
        here = now.astimezone(ZoneInfo(self.shop.marketplace.time_zone))
        due = datetime.combine(here.date(), self.shop.policy.full_push, here.tzinfo)
        if due > here:
            due -= timedelta(days=1)
        if asked := read_watermark(connection, self._asked):
            due = max(due, asked.position)
        last = newest_push(connection, self.shop.marketplace_key, full=True)
        return due if last is None or last["planned_at"] < due else None

    def _last_look(self, connection: Connection, now: datetime) -> datetime | None:
        """None where all SKUs are to be looked at: those without a figure show, and close, only then."""
        whole = read_watermark(connection, self._whole_looks)
        if whole is None or now - whole.position >= WHOLE_LOOK_EVERY:
            return None
        last = read_watermark(connection, self._looks)
        return last.position if last else None

    def _on_sale(self, connection: Connection, *, changed: bool) -> int:
        """How much shares are shares of. Most looks find nothing to tell, and then none is taken."""
        return read_on_sale(connection, self.shop.marketplace_key) if changed else 0

    def _journal(
        self,
        connection: Connection,
        lines: Sequence[tuple[str, int]],
        now: datetime,
        as_of: datetime | None,
        *,
        full: bool,
    ) -> Plan | None:
        marketplace = self.shop.marketplace_key
        if not lines:
            drop_planned(connection, marketplace, now)
            return None
        number = plan_push(connection, NewPush(marketplace, lines, full, now, as_of), now)
        intent = Plan(
            push_key(marketplace, number),
            KIND,
            self.shop.key,
            f"{marketplace}/stock/{number}",
            {"push": number, "lines": len(lines), "decided_at": now.isoformat()},
        )
        plan(connection, intent, now)
        return intent

    @property
    def _asked(self) -> str:
        return f"stock_all_asked:{self.shop.marketplace_key}"

    @property
    def _whole_looks(self) -> str:
        return f"stock_looked:{self.shop.marketplace_key}"

    @property
    def _looks(self) -> str:
        return f"stock_told:{self.shop.marketplace_key}"


def _settled(results: Sequence[LineResult]) -> set[tuple[str, int]]:
    """Figures that were refused or ignored. Of an import that was given up whole, no line was judged."""
    return {
        (result.sku, result.quantity)
        for result in results
        if result.outcome is IntentState.IGNORED or result.rejection is not None
    }


def _to_tell(
    push: Push,
    offers: Mapping[str, OfferFacts],
    settled: Set[tuple[str, int]],
    again: datetime | None,
) -> list[tuple[str, int]]:
    """The push's lines, without those that are settled: a full push tries them again.

    Of a full push, what was told since it is due is left out, and what changed comes first.
    """
    lines = [(line.sku, line.quantity) for line in push.lines]
    news = [line for line in lines if line not in settled and offers[line[0]].differs_from(line[1])]
    if again is None:
        return news
    known = set(news)
    return news + [line for line in lines if line not in known and offers[line[0]].told_before(again)]


def _unsendable(wanted: Sequence[Figure]) -> dict[str, str]:
    faults = ((figure.sku, fault(StockRow(figure.sku, figure.quantity or 0))) for figure in wanted)
    return {sku: why for sku, why in faults if why is not None}
