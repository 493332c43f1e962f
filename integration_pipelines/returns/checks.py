"""What is wrong with returns and refunds now: the rows behind each asset check. Reads the ledger only."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from integration_pipelines.exceptions import Code
from integration_pipelines.exceptions.verdict import Verdict, count_of, open_rows, verdict_on


class Check(StrEnum):
    """The exception families of this flow, by the name of their check."""

    UNAUTHORISED = "unauthorised_returns"
    MISMATCH = "return_mismatches"
    OVERDUE = "overdue_returns"
    NOT_ANNOUNCED = "unannounced_returns"
    WITHOUT_RETURN = "refunds_without_return"
    REFUNDS_STUCK = "refunds_not_paid"
    WITHOUT_ORDER = "returns_without_order"
    UNREADABLE = "unreadable_returns"


CODES: dict[Check, Sequence[Code]] = {
    Check.UNAUTHORISED: (Code.UNAUTHORISED_RETURN,),
    Check.MISMATCH: (
        Code.RETURN_MISMATCH,
        Code.RETURN_DAMAGED,
        Code.RETURNLESS_HELD,
        Code.UNKNOWN_RETURN_STATE,
    ),
    Check.OVERDUE: (Code.RETURN_OVERDUE,),
    Check.NOT_ANNOUNCED: (
        Code.RETURN_NOT_ANNOUNCED,
        Code.RETURN_NOT_RECALLED,
        Code.RETURN_NOT_REPORTED,
    ),
    Check.WITHOUT_RETURN: (Code.REFUND_WITHOUT_RETURN, Code.REFUND_ABOVE_LEFT),
    Check.REFUNDS_STUCK: (Code.REFUND_REFUSED, Code.REFUND_UNCONFIRMED),
    Check.WITHOUT_ORDER: (Code.RETURN_WITHOUT_ORDER,),
    Check.UNREADABLE: (Code.UNREADABLE_RETURN,),
}
OF_RETURNS = (Check.UNAUTHORISED, Check.MISMATCH, Check.OVERDUE, Check.NOT_ANNOUNCED, Check.UNREADABLE)
OF_REFUNDS = (Check.WITHOUT_RETURN, Check.REFUNDS_STUCK)
OF_WAREHOUSE = (Check.WITHOUT_ORDER, Check.UNREADABLE)


def judge(
    connection: Connection, accounts: Sequence[str], now: datetime, only: Iterable[Check]
) -> list[Verdict]:
    """The verdicts of the checks in `only`, about a channel and its marketplace, or about a warehouse."""
    verdicts = []
    for check in only:
        rows = open_rows(connection, CODES[check], accounts)
        sentence = f"{count_of(rows, 'case')} to decide: {rows[0]['reason']}" if rows else "Nothing to do."
        verdicts.append(verdict_on(check, rows, now, sentence))
    return verdicts
