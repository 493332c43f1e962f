"""Items of warehouses, what more is known of offers, audits of SKUs and the drift that they found."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0007"
down_revision = "0006"


def _text(name: str, *, key: bool = False, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), primary_key=key, nullable=null)


def _moment(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def _barcodes() -> tuple[sa.Column[Any], sa.Column[Any]]:
    key = sa.Column("barcode_key", sa.Text(), nullable=False, server_default="")
    return sa.Column("barcodes", ARRAY(sa.Text()), nullable=True), key


def upgrade() -> None:
    for column in (*_barcodes(), _moment("created_at", null=True), _moment("appeared_at", null=True)):
        op.add_column("offers", column)
    op.create_table(
        "catalogue_items",
        _text("warehouse", key=True),
        _text("item_id", key=True),
        _text("sku"),
        _text("title"),
        *_barcodes(),
        sa.Column("active", sa.Boolean(), nullable=False),
        _moment("created_at", null=True),
        _moment("changed_at", null=True),
        _moment("as_of"),
        _moment("gone_at", null=True),
    )
    op.create_index("catalogue_items_sku", "catalogue_items", ["warehouse", "sku"])
    op.create_table(
        "sku_audits",
        sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=True),
        _text("channel"),
        _moment("audited_at"),
        _moment("items_as_of", null=True),
        _moment("offers_as_of", null=True),
        _text("incomplete", null=True),
        sa.Column("counts", JSONB(), nullable=False),
    )
    op.create_index("sku_audits_newest", "sku_audits", ["channel", "id"])
    op.create_table(
        "sku_drift",
        _text("channel", key=True),
        _text("side", key=True),
        _text("sku", key=True),
        _text("drift"),
        _text("other", null=True),
        _text("why"),
        _moment("since"),
        _moment("seen_at"),
        _moment("aside_at", null=True),
    )
    op.create_index("sku_drift_kind", "sku_drift", ["channel", "drift"])


def downgrade() -> None:
    for table in ("sku_drift", "sku_audits", "catalogue_items"):
        op.drop_table(table)
    for column in ("appeared_at", "created_at", "barcode_key", "barcodes"):
        op.drop_column("offers", column)
