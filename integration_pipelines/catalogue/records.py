"""From ledger rows to the catalogues that are compared.

What is in flight counts from the older of the two reads: what one side created or took away after the other
was read cannot be there yet, however long ago that is now. Before that, the channel's grace.
"""

from datetime import datetime, timedelta

import pandas as pd
from sqlalchemy import Connection

from integration_pipelines.catalogue.damage import hidden_skus
from integration_pipelines.catalogue.facts import COLUMNS, Catalogues, Side
from integration_pipelines.ledger.catalogue import (
    FURTHEST_AHEAD,
    Columns,
    Span,
    items_stream,
    offers_stream,
    read_damaged,
    read_items,
    read_moving,
    read_offers,
    read_vanished,
)


def read_catalogues(
    connection: Connection,
    warehouse: str,
    marketplace: str,
    *,
    oldest_read: datetime,
    grace: timedelta,
    now: datetime,
) -> Catalogues:
    """Both sides as they were read last.

    Args:
        oldest_read: when the older of the two reads began.
    """
    span = Span(oldest_read - grace, now + FURTHEST_AHEAD)
    withheld = read_moving(connection, warehouse, marketplace, span.since)
    hidden = set()
    for side, source in (
        (Side.WAREHOUSE, items_stream(warehouse)),
        (Side.MARKETPLACE, offers_stream(marketplace)),
    ):
        for raw in read_damaged(connection, [source]):
            named = hidden_skus(raw)
            withheld |= named
            if not named:
                hidden.add(side)
    return Catalogues(
        items=catalogue(read_items(connection, warehouse, span)),
        offers=catalogue(read_offers(connection, marketplace, span)),
        withheld=withheld,
        vanished=read_vanished(connection, marketplace),
        hidden=hidden,
    )


def catalogue(columns: Columns) -> pd.DataFrame:
    """A catalogue of columns in the order of `COLUMNS`; texts stay the very objects that were read."""
    kinds = (object, object, bool, bool, bool)
    return pd.DataFrame(
        {
            name: pd.Series(column, dtype=kind)
            for name, column, kind in zip(COLUMNS, columns, kinds, strict=True)
        }
    )
