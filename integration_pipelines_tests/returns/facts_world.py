"""Facts of one order's returns, as rules look at them: three mugs at 10.00 unless said otherwise."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from integration_pipelines.config.returns import ReturnPolicy
from integration_pipelines.remote import IntentState
from integration_pipelines.returns.decide import Decision, decide, refund_key
from integration_pipelines.returns.facts import (
    AskedLine,
    AskedReturn,
    Booking,
    CaseFacts,
    DecidedRefund,
    DeskLine,
    DeskReturn,
    LineMoney,
    PaidRefund,
    WriteFacts,
)
from integration_pipelines.warehouse import ReturnState

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
POLICY = ReturnPolicy(enabled=True)
TOLD = WriteFacts(IntentState.APPLIED, reference="R", settled_at=NOW - timedelta(days=1))


def line(**changes: Any) -> LineMoney:
    return replace(LineMoney("L1", "MUG", 3, Decimal("30.00"), Decimal("4.90")), **changes)


def asked(units: int = 1, line_id: str = "L1", **changes: Any) -> AskedReturn:
    """A return that was accepted yesterday and of which the desk knows."""
    lines = (AskedLine(line_id, units),)
    created = NOW - timedelta(days=1)
    return replace(AskedReturn("RET-1", "ALP-RMA-1", "IN_PROGRESS", False, lines, created, TOLD), **changes)


def counted(received: int, sku: str = "MUG", damaged: int | None = None, **changes: Any) -> DeskReturn:
    """What the desk counted an hour ago, without naming an order line."""
    lines = (DeskLine(changes.pop("line_id", None), sku, None, received, damaged),)
    moment = NOW - timedelta(hours=1)
    return replace(DeskReturn("D1", "RN-1", ReturnState.RECEIVED, "returned", lines, moment), **changes)


def paid(amount: str, refund_id: str = "9", shipping: str = "0", **changes: Any) -> PaidRefund:
    """By others, an hour ago."""
    moment = NOW - timedelta(hours=1)
    return replace(
        PaidRefund(refund_id, Decimal(amount), Decimal(shipping), "REFUNDED", "17", moment), **changes
    )


def ours(
    units: int, amount: str, state: IntentState = IntentState.APPLIED, words: str | None = None
) -> DecidedRefund:
    key = refund_key("alpine", "L1", units)
    write = WriteFacts(state, words, f"S{units}", NOW - timedelta(minutes=5))
    return DecidedRefund(key, units, Decimal(amount), Decimal(0), write)


def case(*lines: LineMoney, **changes: Any) -> CaseFacts:
    booking = Booking("77", "ALP-1", "70011")
    return replace(
        CaseFacts("alpine", "A-1", "EUR", "TAX_INCLUDED", lines or (line(),), booking=booking), **changes
    )


def decided(facts: CaseFacts, policy: ReturnPolicy = POLICY, now: datetime = NOW) -> Decision:
    return decide(facts, policy, now)


def refunds(decision: Decision) -> list[tuple[str, int, str, str]]:
    """(line, units, amount, shipping) of what is to be paid."""
    return [
        (step.line.line_id, step.due.units, f"{step.due.amount:.2f}", f"{step.due.shipping_amount:.2f}")
        for step in decision.refunds
    ]


def codes(decision: Decision) -> list[str]:
    return sorted(finding.code.value for finding in decision.findings)
