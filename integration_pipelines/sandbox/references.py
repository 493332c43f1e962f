"""How a person finds an order again by a reference that a client wrote somewhere on it."""

from collections.abc import Iterable


def carried(reference: str, texts: Iterable[str | None]) -> bool:
    """Whether `reference` stands in one of the texts, in whatever spelling: only letters and digits count."""
    wanted = _letters(reference)
    return any(wanted in _letters(text) for text in texts if text)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()
