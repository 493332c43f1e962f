"""Returns of both sides, refunds as the marketplace tells them, refunds decided, and the queue of cases."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"

_MOMENT = sa.DateTime(timezone=True)


def _text(name: str, *, key: bool = False, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), primary_key=key, nullable=null)


def _moment(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, _MOMENT, nullable=null)


def upgrade() -> None:
    op.create_table(
        "marketplace_returns",
        _text("marketplace", key=True),
        _text("return_id", key=True),
        _text("order_id"),
        _text("state"),
        _text("method"),
        _text("rma", null=True),
        _text("reason_code", null=True),
        sa.Column("lines", JSONB(), nullable=False),
        _moment("created_at"),
        _moment("updated_at"),
        _moment("read_at"),
        sa.Column("raw", JSONB(), nullable=False),
    )
    op.create_index("marketplace_returns_order", "marketplace_returns", ["marketplace", "order_id"])
    op.create_table(
        "warehouse_returns",
        _text("warehouse", key=True),
        _text("id", key=True),
        _text("number"),
        _text("store"),
        _text("order_number"),
        _text("marketplace_reference"),
        _text("state"),
        _text("raw_status"),
        sa.Column("before_dispatch", sa.Boolean(), nullable=False),
        sa.Column("lines", JSONB(), nullable=False),
        _text("marketplace", null=True),
        _text("order_id", null=True),
        _moment("created_at", null=True),
        _moment("updated_at"),
        _moment("changed_at"),
        _moment("read_at"),
        sa.Column("raw", JSONB(), nullable=False),
    )
    op.create_index("warehouse_returns_order", "warehouse_returns", ["marketplace", "order_id"])
    op.create_index(
        "warehouse_returns_unmatched",
        "warehouse_returns",
        ["warehouse"],
        postgresql_where=sa.text("order_id is null"),
    )
    op.create_table(
        "refunds",
        _text("marketplace", key=True),
        _text("refund_id", key=True),
        _text("order_id"),
        _text("line_id"),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("shipping_amount", sa.Numeric(), nullable=False),
        _text("currency"),
        sa.Column("quantity", sa.Integer()),
        _text("reason_code", null=True),
        _text("state"),
        _moment("created_at", null=True),
        _moment("first_seen_at"),
        _moment("read_at"),
        sa.Column("raw", JSONB(), nullable=False),
    )
    op.create_index("refunds_order", "refunds", ["marketplace", "order_id"])
    op.create_table(
        "refund_decisions",
        _text("key", key=True),
        _text("marketplace"),
        _text("order_id"),
        _text("line_id"),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("shipping_amount", sa.Numeric(), nullable=False),
        _text("currency"),
        sa.Column("taxes", JSONB(), nullable=False),
        sa.Column("shipping_taxes", JSONB(), nullable=False),
        _moment("decided_at"),
    )
    op.create_index("refund_decisions_order", "refund_decisions", ["marketplace", "order_id"])
    op.create_table(
        "return_cases",
        _text("marketplace", key=True),
        _text("order_id", key=True),
        _text("channel"),
        _moment("look_at", null=True),
        _moment("reread_at", null=True),
        sa.Column("custody", JSONB(), nullable=False, server_default="{}"),
        sa.Column("money", JSONB(), nullable=False, server_default="{}"),
        sa.Column("due", JSONB(), nullable=False, server_default="{}"),
        sa.Column("version", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.create_index(
        "return_cases_due",
        "return_cases",
        ["channel", "look_at"],
        postgresql_where=sa.text("look_at is not null"),
    )
    op.create_index(
        "orders_refunded",
        "orders",
        ["marketplace", "read_at"],
        postgresql_where=sa.text("jsonb_path_exists(raw, '$.order_lines[*].refunds[*]')"),
    )
    op.create_table("return_starts", _text("account", key=True), _moment("began_at"))


def downgrade() -> None:
    op.drop_index("orders_refunded", "orders")
    for table in (
        "return_starts",
        "return_cases",
        "refund_decisions",
        "refunds",
        "warehouse_returns",
        "marketplace_returns",
    ):
        op.drop_table(table)
