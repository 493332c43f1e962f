"""Whether a figure that was taken without a word has arrived (M14, F13). Pure."""


def was_ignored(told: int, shown: int | None, sold: int, given_back: int) -> bool:
    """Whether the offer shows something else than what was told and what customers did since.

    Args:
        told: the figure of a line that was not refused.
        shown: what the offer shows after the import ended; None is unknown, and proves nothing.
        sold: units that this marketplace's customers ordered since it was sent: it lowers its own figure.
        given_back: units of cancelled and refused lines, which an operator may put back on sale.
    """
    return shown is not None and not told - sold <= shown <= told + given_back
