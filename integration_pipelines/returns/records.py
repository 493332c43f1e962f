"""Ledger rows → facts: one order's returns, what the desk counted, and its money."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, RowMapping, Text, cast, select

from integration_pipelines.config import Channel
from integration_pipelines.ledger.intents import read_intent
from integration_pipelines.ledger.refunds import decided_refunds
from integration_pipelines.ledger.return_cases import returns_began
from integration_pipelines.ledger.return_tables import marketplace_returns, warehouse_returns
from integration_pipelines.ledger.tables import order_links, orders, warehouse_orders
from integration_pipelines.order_numbers import revised
from integration_pipelines.remote import IntentState
from integration_pipelines.returns.decide import notice_key, recall_key, receipt_key
from integration_pipelines.returns.facts import (
    AskedLine,
    AskedReturn,
    Booking,
    CaseFacts,
    DecidedRefund,
    DeskLine,
    DeskReturn,
    WriteFacts,
)
from integration_pipelines.returns.neutral import line_money, money_order
from integration_pipelines.warehouse import ReturnNotice, ReturnState

RETURNLESS = "RETURN_METHOD_RETURNLESS"


def load_case(
    connection: Connection, key: str, channel: Channel, order_id: str, notice: ReturnNotice
) -> CaseFacts | None:
    """Everything known about one order's returns; None where the ledger does not have the order.

    Args:
        key: the channel's.

    Raises:
        ValueError: the order's money cannot be read.
    """
    marketplace = channel.marketplace
    row = connection.execute(
        select(
            orders.c.currency, orders.c.number, orders.c.revision, cast(orders.c.raw, Text).label("raw")
        ).where(orders.c.marketplace == marketplace, orders.c.order_id == order_id)
    ).one_or_none()
    if row is None:
        return None
    told = money_order(row.raw)
    decided: dict[str, list[DecidedRefund]] = {}
    for each in decided_refunds(connection, marketplace, order_id):
        decided.setdefault(each["line_id"], []).append(_decided(each))
    lines = tuple(
        replace(line_money(line), decided=tuple(decided.get(line.order_line_id, ())))
        for line in told.order_lines
    )
    return CaseFacts(
        marketplace,
        order_id,
        told.currency_iso_code or row.currency,
        told.order_tax_mode,
        lines,
        returns=_asked(connection, channel, order_id),
        desk=_desk(connection, marketplace, order_id),
        booking=_booking(connection, channel, order_id, revised(row.number, row.revision)),
        notice=notice,
        began_at=returns_began(connection, key),
    )


def return_number(prefix: str, return_id: str) -> str:
    """Under which a return is announced: short, plain, and the same for ever."""
    return f"{prefix}-RMA-{hashlib.sha256(return_id.encode('utf-8', 'surrogatepass')).hexdigest()[:10]}"


def _asked(connection: Connection, channel: Channel, order_id: str) -> tuple[AskedReturn, ...]:
    kept = marketplace_returns.c
    rows = connection.execute(
        select(marketplace_returns)
        .where(kept.marketplace == channel.marketplace, kept.order_id == order_id)
        .order_by(kept.created_at, kept.return_id)
    )
    return tuple(_one_asked(connection, channel, row) for row in rows.mappings())


def _one_asked(connection: Connection, channel: Channel, row: RowMapping) -> AskedReturn:
    def write(key: Callable[[str, str], str]) -> WriteFacts | None:
        intent = read_intent(connection, key(channel.marketplace, row["return_id"]))
        if intent is None:
            return None
        return WriteFacts(intent.state, intent.words, intent.reference, intent.settled_at)

    return AskedReturn(
        row["return_id"],
        return_number(channel.number_prefix, row["return_id"]),
        row["state"],
        row["method"] == RETURNLESS,
        tuple(AskedLine(line["line_id"], line["quantity"], line["reason"]) for line in row["lines"]),
        row["created_at"],
        write(notice_key),
        write(recall_key),
        write(receipt_key),
    )


def _desk(connection: Connection, marketplace: str, order_id: str) -> tuple[DeskReturn, ...]:
    kept = warehouse_returns.c
    rows = connection.execute(
        select(warehouse_returns)
        .where(kept.marketplace == marketplace, kept.order_id == order_id)
        .order_by(kept.created_at, kept.id)
    )
    return tuple(
        DeskReturn(
            row["id"],
            row["number"],
            ReturnState(row["state"]),
            row["raw_status"],
            tuple(
                DeskLine(line["line_id"], line["sku"], line["ordered"], line["received"], line["damaged"])
                for line in row["lines"]
            ),
            row["changed_at"],
            row["before_dispatch"],
        )
        for row in rows.mappings()
    )


def _booking(connection: Connection, channel: Channel, order_id: str, number: str) -> Booking | None:
    """The warehouse order of the present revision."""
    found = connection.execute(
        select(warehouse_orders.c.id, warehouse_orders.c.number, warehouse_orders.c.store)
        .join(
            order_links,
            (order_links.c.warehouse == warehouse_orders.c.warehouse)
            & (order_links.c.warehouse_order_id == warehouse_orders.c.id),
        )
        .where(
            order_links.c.marketplace == channel.marketplace,
            order_links.c.order_id == order_id,
            order_links.c.warehouse == channel.warehouse,
            warehouse_orders.c.number == number,
        )
    ).first()
    return Booking(found.id, found.number, channel.store) if found else None


def _decided(row: RowMapping) -> DecidedRefund:
    write = None
    if row["state"] is not None:
        write = WriteFacts(IntentState(row["state"]), row["words"], row["reference"], row["settled_at"])
    return DecidedRefund(
        row["key"],
        row["units"],
        row["amount"],
        row["shipping_amount"],
        write,
        _amounts(row["taxes"]),
        _amounts(row["shipping_taxes"]),
    )


def _amounts(told: Mapping[str, Any]) -> dict[str, Decimal]:
    return {code: Decimal(amount) for code, amount in told.items()}
