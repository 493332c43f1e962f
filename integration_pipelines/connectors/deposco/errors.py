"""What is wrong with a request before it is sent: nothing left the house, a person has to change it."""

from collections.abc import Iterator
from contextlib import contextmanager

from integration_pipelines.remote import NotExecuted, OutcomeUnknown, Refused


class NotSendable(Refused):
    """Deposco would refuse or spoil this, so it was not sent (lengths, ship via, enums: Deposco §5)."""

    advice = "Nothing was sent: correct it, then retry."


@contextmanager
def nothing_sent_yet(account: str) -> Iterator[None]:
    """Around reads before a write: when they fail, nothing of the write has left."""
    try:
        yield
    except OutcomeUnknown as unanswered:
        raise NotExecuted(account, unanswered.operation, unanswered.words) from None
