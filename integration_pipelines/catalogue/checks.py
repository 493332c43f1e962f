"""What is wrong with SKUs now: the rows behind each asset check. Reads the ledger only.

Drift that a person has set aside by resolving its exception is no longer wrong.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from integration_pipelines.catalogue.causes import suggestion
from integration_pipelines.catalogue.facts import Drift
from integration_pipelines.exceptions import Code, Severity
from integration_pipelines.exceptions.verdict import Row, Verdict, verdict_of_code, verdict_on
from integration_pipelines.ledger.sku_drift import Place, newest_audits, open_drift

MOST_ROWS = 500  # in the table; all are in the lists
TOO_OLD = timedelta(hours=50)  # one audit may fail, two in a row are too many


class Check(StrEnum):
    """The exception families of this flow, by the name of their check."""

    DRIFT = "sku_drift"
    UNREADABLE = "unreadable_items"


def judge_drift(connection: Connection, place: Place, now: datetime) -> Verdict:
    """The verdict on a channel's SKUs, as the newest complete audit found them."""
    newest, complete = newest_audits(connection, place.channel)
    count, found = open_drift(connection, place, [drift.value for drift in Drift], MOST_ROWS)
    rows: list[Row] = [dict(row) | {"to_do": suggestion(Drift(row["drift"]), row["other"])} for row in found]
    sentence = f"{count} SKUs differ between the two sides." if count else "No SKU has drifted."
    if complete is None:
        sentence = "No audit has compared the two sides yet."
    if newest is not None and newest["incomplete"]:
        sentence += f" The newest audit is incomplete: {newest['incomplete']}"
    hours = None if complete is None else (now - complete["audited_at"]) / timedelta(hours=1)
    if complete is None or now - complete["audited_at"] > TOO_OLD:
        since = complete["audited_at"] if complete else now
        rows = [
            {"drift": "not audited", "why": sentence, "since": since, "severity": Severity.WARNING},
            *rows,
        ]
    figures = {"count": count, "hours_since_complete_audit": None if hours is None else round(hours, 1)}
    return verdict_on(Check.DRIFT, rows, now, sentence, figures)


def judge_unreadable(connection: Connection, warehouse: str, now: datetime) -> Verdict:
    """The verdict on what of a warehouse's items cannot be read."""
    return verdict_of_code(connection, Check.UNREADABLE, Code.UNREADABLE_ITEM, [warehouse], now)
