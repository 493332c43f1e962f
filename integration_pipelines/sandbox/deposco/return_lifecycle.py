"""What writing a return does, whichever generation asks: create, change, cancel, set a status.

Contract 14. What people do to it afterwards is in `returns_desk.py`.
"""

from typing import Any

from integration_pipelines.sandbox.deposco.house import House
from integration_pipelines.sandbox.deposco.records import Facility, LineDraft, RefusalError
from integration_pipelines.sandbox.deposco.return_records import (
    RETURN_CANCELLABLE,
    RETURN_EDITABLE,
    Return,
    ReturnLine,
    ReturnStatus,
)

_MOVES = {
    ReturnStatus.NEW: frozenset({ReturnStatus.HOLD, ReturnStatus.CANCELED}),
    ReturnStatus.HOLD: frozenset({ReturnStatus.NEW}),
    ReturnStatus.RECEIVING: frozenset({ReturnStatus.CANCELED}),
}
LineNotes = dict[str, list[dict[str, Any]]]  # by line number


def create(
    house: House,
    number: str,
    header: dict[str, Any],
    facility: Facility,
    lines: list[LineDraft],
    notes: LineNotes,
    status: ReturnStatus = ReturnStatus.NEW,
) -> Return:
    """Store a return that a client announces; the staff hear of it."""
    return_id = house.next_id("return")
    back = Return(return_id, number, header, status, facility, house.at, house.at, announced=True)
    _write_lines(house, back, lines, notes)
    house.returns[back.id] = back
    house.return_by_number[number] = back
    house.touch_return(back, status)
    return back


def update(
    house: House,
    back: Return,
    header: dict[str, Any],
    facility: Facility | None,
    lines: list[LineDraft],
    notes: LineNotes,
) -> None:
    """Change what is said and leave the rest; lines are matched by number.

    Raises:
        RefusalError: something of it has come already, or it is over.
    """
    _require(back, RETURN_EDITABLE, "updated")
    back.header |= header
    back.facility = facility or back.facility
    _write_lines(house, back, lines, notes)
    house.touch_return(back)


def cancel(house: House, back: Return, units: dict[int, int] | None = None) -> None:
    """Cancel the whole return, or `units` by line id.

    Raises:
        RefusalError: its status does not allow it, or more is asked for than is expected.
    """
    _require(back, RETURN_CANCELLABLE, "canceled")
    lines = {line.id: line for line in back.lines}
    wanted = {line.id: line.open for line in back.lines if line.open} if units is None else units
    for line_id, count in wanted.items():
        if line_id not in lines or not 0 < count <= lines[line_id].open:
            raise RefusalError(400, f"canceledPackQuantity of line {line_id} is invalid")
    for line_id, count in wanted.items():
        lines[line_id].canceled += count
    nothing_left = all(line.open == 0 and line.received == 0 for line in back.lines)
    house.touch_return(back, ReturnStatus.CANCELED if nothing_left else None)


def move_to(house: House, back: Return, wanted: str) -> None:
    """A status that a client sets.

    Raises:
        RefusalError: not one that may follow the present one.
    """
    allowed = _MOVES.get(back.status, frozenset())
    if wanted not in allowed:
        names = ", ".join(sorted(allowed)) or "none"
        raise RefusalError(
            400, f"Return {back.number} is {back.status}; it can not become {wanted}. Allowed: {names}"
        )
    if wanted == ReturnStatus.CANCELED:
        cancel(house, back)
    else:
        house.touch_return(back, ReturnStatus(wanted))


def _require(back: Return, allowed: tuple[ReturnStatus, ...], what: str) -> None:
    if back.status not in allowed:
        raise RefusalError(
            400,
            f"Return {back.number} can not be {what} in status {back.status}; allowed statuses: "
            f"{', '.join(allowed)}",
        )


def _write_lines(house: House, back: Return, lines: list[LineDraft], notes: LineNotes) -> None:
    known = {line.line_number: line for line in back.lines}
    for sent in lines:
        line = known.get(sent.line_number)
        if line is None:
            line_id = house.next_id("return_line")
            line = ReturnLine(
                line_id, sent.line_number, sent.customer_line_number, sent.item, sent.quantity or 0, house.at
            )
            back.lines.append(line)
        line.quantity = sent.quantity or line.quantity
        line.notes += notes.get(sent.line_number, [])
