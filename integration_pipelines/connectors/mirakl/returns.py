"""Goods and money on their way back: returns (RT*), refunds (OR28), reasons (RE01) (Mirakl §2.10, §7).

Calls only: no decision, no ledger. Rows of returns are handed on as they came; `payloads.Return` reads them.

Surprising: no operation on a return moves money, and a refund knows nothing of a return. A refund is never
repeated blindly: after a lost answer the order's line says whether it was paid.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from integration_pipelines.connectors.http import DEFAULT_PATIENCE, Operation
from integration_pipelines.connectors.mirakl import corrections
from integration_pipelines.connectors.mirakl.amounts import LineAmount
from integration_pipelines.connectors.mirakl.bulk import Bulk
from integration_pipelines.connectors.mirakl.door import Seeking, ShopDoor, instant
from integration_pipelines.connectors.mirakl.refunds import CreatedRefund, Reason, ReasonList
from integration_pipelines.connectors.values import reason
from integration_pipelines.remote import OutcomeUnknown

_RETURNS = "/api/returns"
_MOST = 100

_RE01 = Operation("RE01", answers=dict)
_RT11 = Operation("RT11", answers=dict)
_RT11_NEXT = Operation("RT11", answers=dict, budget="RT11:page")


def _bulk(code: str, path: str) -> Bulk:
    operation = Operation(code, write=True, answers=dict)
    return Bulk(operation, "PUT", f"{_RETURNS}{path}", "returns", ("return",), _MOST)


_RT04 = _bulk("RT04", "")
_RT21 = _bulk("RT21", "/accept")
_RT25 = _bulk("RT25", "/receive")
_RT26 = _bulk("RT26", "/compliance")
_RT27 = _bulk("RT27", "/close")
_RT29 = _bulk("RT29", "/cancel")


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether what came back of one order line is what it should be (RT26).

    Attributes:
        fault: `RETURN_NON_COMPLIANT_…` where it is not (Mirakl §7).
        details: at most 2000 characters, seen by the operator.
    """

    order_line_id: str
    compliant: bool
    fault: str | None = None
    details: str | None = None

    def as_json(self) -> dict[str, Any]:
        fault = {"non_compliance_reason_code": self.fault} if self.fault else {}
        details = {"non_compliance_additional_info": self.details} if self.details else {}
        return {"order_line_id": self.order_line_id, "compliant": self.compliant, **fault, **details}


class ReturnClient:
    """Returns and refunds of one shop on one marketplace. Writes answer return id → None, or why not.

    Args:
        door: the shop's.
    """

    def __init__(self, door: ShopDoor) -> None:
        self.account_key = door.account_key
        self._door = door

    def returns(
        self,
        updated_from: datetime | None = None,
        updated_to: datetime | None = None,
        states: Collection[str] = (),
        *,
        patience: float = DEFAULT_PATIENCE,
    ) -> Iterator[list[Any]]:
        """Rows of returns page by page, oldest first; at most every five minutes (RT11).

        Args:
            updated_from: aware; bounds are not known to be inclusive, so overlap.
            updated_to: aware.
            states: return states wanted; all when empty. Checked again here.
            patience: seconds the first page may wait for our budget.
        """
        query = [("return_state", state) for state in sorted(states)]
        query += [("return_last_updated_from", instant(updated_from))] if updated_from else []
        query += [("return_last_updated_to", instant(updated_to))] if updated_to else []
        for rows in self._door.seek(Seeking(_RETURNS, query, _RT11, _RT11_NEXT), patience):
            yield [row for row in rows if not states or _state(row) in (None, *states)]

    def accept(self, return_ids: Sequence[str]) -> dict[str, str | None]:
        """Let goods come back (RT21)."""
        return _RT21.change(self._door, [{"id": each, "accepted": True} for each in return_ids])

    def refuse(self, rejections: Mapping[str, str]) -> dict[str, str | None]:
        """Refuse returns (RT21): id → `RETURN_REJECTION_…` (Mirakl §7)."""
        items = [
            {"id": each, "accepted": False, "rejection_reason_code": code}
            for each, code in rejections.items()
        ]
        return _RT21.change(self._door, items)

    def set_numbers(self, numbers: Mapping[str, str]) -> dict[str, str | None]:
        """Set the number that goods come back under (RT04 `rma`): return id → number."""
        return _RT04.change(self._door, [{"id": each, "rma": number} for each, number in numbers.items()])

    def receive(self, return_ids: Sequence[str]) -> dict[str, str | None]:
        """Say that goods arrived (RT25). Not for RETURNLESS ones."""
        return _RT25.change(self._door, [{"id": each} for each in return_ids])

    def judge(self, judgements: Mapping[str, Sequence[Judgement]]) -> dict[str, str | None]:
        """Say line by line whether goods are what they should be; needed before `close` (RT26)."""
        items = [
            {"id": each, "return_lines": [judgement.as_json() for judgement in lines]}
            for each, lines in judgements.items()
        ]
        return _RT26.change(self._door, items)

    def close(self, return_ids: Sequence[str]) -> dict[str, str | None]:
        """Be done with received and judged returns (RT27)."""
        return _RT27.change(self._door, [{"id": each} for each in return_ids])

    def cancel(self, return_ids: Sequence[str]) -> dict[str, str | None]:
        """Take accepted returns back (RT29)."""
        return _RT29.change(self._door, [{"id": each} for each in return_ids])

    def refund(self, amounts: Sequence[LineAmount], tax_mode: str | None = None) -> tuple[CreatedRefund, ...]:
        """Give money back on lines of one order, all or nothing (OR28).

        Args:
            amounts: each with its currency; taxes as the order carries them.
            tax_mode: how amounts are meant; the order's own.

        Raises:
            Refused: among others, when more is asked than is left on a line.
            OutcomeUnknown: it may have been paid; read the line's refunds before anything else.
        """
        created = corrections.refund(self._door, amounts, tax_mode)
        try:
            return tuple(CreatedRefund.model_validate(row) for row in created)
        except ValidationError as error:
            words = f"a refund that it paid cannot be understood ({reason(error)})."
            raise OutcomeUnknown(self.account_key, "OR28", words) from None

    def reasons(self, kind: str) -> tuple[Reason, ...]:
        """The reasons of one type (REFUND, CANCELATION …) that a shop may give (RE01).

        RE02, the same by type, is deprecated and does not say which of them a shop may use.
        """
        told = self._door.read(_RE01, "/api/reasons", ReasonList).reasons
        return tuple(each for each in told if each.type == kind and each.is_shop_right)


def _state(row: Any) -> Any:
    return row.get("state") if isinstance(row, dict) else None
