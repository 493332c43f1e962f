"""What people teach about carriers, and what is wrong with what they taught."""

from datetime import datetime

from sqlalchemy import Connection

from integration_pipelines.config import Channels, Marketplace
from integration_pipelines.exceptions import settle
from integration_pipelines.fulfilments.findings import gone_carriers
from integration_pipelines.fulfilments.records import read_book
from integration_pipelines.ledger.carriers import learn_carrier
from integration_pipelines.ledger.dispatches import wake_waiting


def show_gone_carriers(
    connection: Connection, marketplace: str, settings: Marketplace, now: datetime
) -> None:
    """Open and close what a person should know about mapped codes that the operator does not list (F20)."""
    book = read_book(connection, marketplace, settings)
    settle(connection, f"carriers:{marketplace}", marketplace, gone_carriers(marketplace, book), now)


def map_carrier(
    connection: Connection,
    channels: Channels,
    channel: str,
    name: str,
    code: str,
    *,
    who: str,
    now: datetime,
) -> str:
    """From now on the warehouse's carrier is told under this code, for all that wait too.

    Args:
        name: the warehouse's, as the exception names it; `carrier/service` for one service alone.
        code: the marketplace's own, exactly.
        now: aware.

    Returns:
        what was done, in words.

    Raises:
        ValueError: no such channel, or the marketplace does not list the code.
    """
    settings = channels.channels.get(channel)
    if settings is None:
        raise ValueError(f"There is no channel {channel!r}; there are {', '.join(channels.channels)}.")
    marketplace = settings.marketplace
    book = read_book(connection, marketplace, channels.marketplaces[marketplace])
    if book.listed and code not in book.listed:
        nearest = ", ".join(f"{each.code} ({each.label})" for each in book.candidates(code))
        raise ValueError(
            f"{marketplace} lists no carrier {code!r}; codes are compared exactly. "
            f"{f'The nearest are: {nearest}.' if nearest else 'It lists none like it.'}"
        )
    learn_carrier(connection, marketplace, name, code, who=who, now=now)
    show_gone_carriers(connection, marketplace, channels.marketplaces[marketplace], now)
    woken = wake_waiting(connection, marketplace, name, now)
    orders = f"{woken} order{'' if woken == 1 else 's'} that waited"
    return f"{name!r} is {code} on {marketplace} from now on; the next run tells the {orders} for it."
