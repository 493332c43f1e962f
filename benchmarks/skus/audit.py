"""The audit of two catalogues against a plain columnar full join of the same rows, in turns.

Both read the same columns from the ledger into data frames in the same way. The peer then joins them on the
SKU and counts what is on both sides, and on one: pandas' outer merge and nothing else. Ours puts every SKU
into its class, barcodes and near misses included. Where the join has an answer, both must give the same.

Surprising: `catalogue/audit` is what a person waits for, with the drift stored, the exceptions settled and
both lists written; the join has nothing to set against that, so it has no goal.
"""

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.meters import peak_memory
from benchmarks.rows import Goal, Row, row
from benchmarks.skus.catalogues import MARKETPLACE, READ_AT, WAREHOUSE, fill
from benchmarks.stage import Stage
from integration_pipelines.catalogue.audit import AuditReport, SkuAudit
from integration_pipelines.catalogue.decide import Comparison, compare
from integration_pipelines.catalogue.facts import Catalogues, Drift, Side
from integration_pipelines.catalogue.observe import ItemIntake
from integration_pipelines.catalogue.records import read_catalogues
from integration_pipelines.clock import ManualClock
from integration_pipelines.config import Channel, OrderPolicy
from integration_pipelines.ledger import Ledger

MORE_AT_MOST = 1.5
_NOW = READ_AT + timedelta(hours=1)
_ON_BOTH = (
    *(Drift.EQUAL, Drift.DUPLICATE, Drift.INACTIVE_ITEM, Drift.INACTIVE_OFFER, Drift.BARCODE_SWAPPED),
)


@dataclass(frozen=True)
class Joined:
    """What a full join knows: how many SKUs are on both sides, and on one alone."""

    both: int
    items_only: int
    offers_only: int


def measure(stage: Stage, *, skus: int, repetitions: int, tell: Callable[[str], None]) -> list[Row]:
    """Rows for reading and comparing, for the rules alone, for memory, and for the whole audit.

    Args:
        skus: of each side.
        repetitions: pairs of ours and peer.
        tell: shown while it runs.
    """
    url = stage.ledger_url()
    ledger = Ledger.open(url)
    ledger.migrate()
    tell(f"catalogue, making {skus} SKUs a side")
    fill(ledger, skus)
    ours: list[tuple[float, float]] = []
    peer: list[tuple[float, float]] = []
    for number in range(repetitions):
        tell(f"catalogue, pair {number + 1} of {repetitions}")
        joined, spent = _timed(ledger, _join)
        peer.append(spent)
        compared, spent = _timed(ledger, compare)
        ours.append(spent)
        _must_agree(compared, joined, skus)
    tell("catalogue, the whole audit")
    report, whole = _audit(ledger)
    assert report.lists is not None
    ledger.close()
    tell("catalogue, memory")
    memory = [_peak(which, url) for which in ("join", "compare")]
    pair = f"{skus} SKUs a side, 9 in 1,000 adrift"
    return [
        row(
            "catalogue/compare",
            [sum(spent) for spent in ours],
            [sum(spent) for spent in peer],
            unit="s",
            goal=Goal("at most", MORE_AT_MOST),
            note=f"both catalogues read from the ledger and compared, {pair}, against the same read and a "
            "plain outer merge; both give the same where the merge has an answer",
        ),
        row(
            "catalogue/rules",
            [spent[1] for spent in ours],
            [spent[1] for spent in peer],
            unit="s",
            goal=Goal("at most", MORE_AT_MOST),
            note="the classes alone, against the merge alone, on the same frames",
        ),
        row(
            "catalogue/memory",
            memory[1],
            memory[0],
            unit="MB",
            goal=Goal("at most", MORE_AT_MOST),
            note="peak memory of a fresh process that reads and compares, against one that reads and merges",
        ),
        row(
            "catalogue/audit",
            whole,
            [sum(spent) for spent in peer],
            unit="s",
            note=f"the whole audit, {report.lists.rows} rows of drift stored, settled and written as CSV and "
            "XLSX, against read and merge",
        ),
    ]


def _join(known: Catalogues) -> Joined:
    joined = known.items.merge(known.offers, on="sku", how="outer", indicator=True)
    counts = joined["_merge"].value_counts()
    return Joined(int(counts["both"]), int(counts["left_only"]), int(counts["right_only"]))


def _timed(ledger: Ledger, work: Callable[[Catalogues], Any]) -> tuple[Any, tuple[float, float]]:
    """What came of it; the seconds of the read and of the work."""
    started = time.perf_counter()
    known = _read(ledger)
    read = time.perf_counter()
    done = work(known)
    return done, (read - started, time.perf_counter() - read)


def _read(ledger: Ledger) -> Catalogues:
    with ledger.begin() as connection:
        return read_catalogues(
            connection, WAREHOUSE, MARKETPLACE, oldest_read=READ_AT, grace=timedelta(days=1), now=_NOW
        )


def _must_agree(compared: Comparison, joined: Joined, skus: int) -> None:
    """Where the join has an answer; a SKU that is swapped is on both sides and still listed."""
    told = {Side.WAREHOUSE: joined.items_only, Side.MARKETPLACE: joined.offers_only}
    assert joined.both + joined.items_only == skus
    for side, alone in told.items():
        count = {drift: compared.counts[side, drift] for drift in Drift}
        assert sum(count[drift] for drift in _ON_BOTH) == joined.both
        assert sum(count.values()) == joined.both + alone
        listed = int((compared.rows["side"] == side.value).sum())
        assert listed == alone + sum(count[drift] for drift in _ON_BOTH if drift is not Drift.EQUAL)


class _OffersAreRead:
    """Offers of which nothing more is to be read."""

    key = MARKETPLACE

    def read_all(self, *, patience: float = 0.0) -> None: ...

    def read_skus(self, skus: list[str]) -> None: ...

    def read_pages(self) -> None: ...


def _audit(ledger: Ledger) -> tuple[AuditReport, float]:
    clock = ManualClock(_NOW)
    with TemporaryDirectory(prefix="benchmarks-") as folder:
        channel = Channel.model_validate(
            {
                "marketplace": MARKETPLACE,
                "warehouse": WAREHOUSE,
                "order_policy": OrderPolicy.RESERVE_THEN_ACCEPT,
                "number_prefix": "ALP",
                "store": "1",
                "catalogue": {"enabled": True, "folder": folder, "barcodes": False},
            }
        )
        nobody: Any = None  # its items are read, so it is never asked
        items = ItemIntake(WAREHOUSE, nobody, ledger, clock)
        audit = SkuAudit(MARKETPLACE, channel, "EUR", items, _OffersAreRead(), ledger, clock)
        started = time.perf_counter()
        report = audit.run()
        return report, time.perf_counter() - started


def _peak(which: str, url: str) -> float:
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(_peak_here, which, url).result()


def _peak_here(which: str, url: str) -> float:
    ledger = Ledger.open(url)
    known = _read(ledger)
    done = compare(known) if which == "compare" else _join(known)
    ledger.close()
    assert done is not None
    return peak_memory()
