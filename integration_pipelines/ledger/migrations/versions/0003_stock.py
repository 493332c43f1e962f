"""Stock levels with their reads and history, offers, stock pushes; indexes for units in flight."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

_MOMENT = sa.DateTime(timezone=True)
_NEW = (
    "stock_push_lines",
    "stock_pushes",
    "stock_brakes",
    "offers",
    "stock_history",
    "stock_levels",
    "stock_reads",
)
# The very words by which units in flight are read (ledger/stock_facts.py).
_PROMISED = "state not in ('REFUSED', 'CANCELED', 'SHIPPED', 'TO_COLLECT', 'RECEIVED', 'CLOSED')"
_INDEXES = ("orders_promised", "orders_placed", "orders_read", "warehouse_orders_read", "order_links_linked")


def upgrade() -> None:
    _reads_and_levels()
    _offers_and_pushes()
    # Room in every page: a changed figure leaves the indexes alone.
    op.execute("alter table stock_levels set (fillfactor = 80)")
    op.execute("alter table offers set (fillfactor = 80)")
    op.add_column("warehouse_orders", sa.Column("lines_changed_at", _MOMENT))
    op.create_index("orders_promised", "orders", ["channel"], postgresql_where=sa.text(_PROMISED))
    op.create_index("orders_placed", "orders", ["channel", "placed_at"])
    op.create_index("orders_read", "orders", ["channel", "read_at"])
    op.create_index("warehouse_orders_read", "warehouse_orders", ["warehouse", "read_at"])
    op.create_index("order_links_linked", "order_links", ["warehouse", "linked_at"])


def _reads_and_levels() -> None:
    op.create_table(
        "stock_reads",
        sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=True),
        sa.Column("warehouse", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.Column("complete", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("levels", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("skus", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("known_before", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("failing", sa.Text()),
    )
    op.create_index("stock_reads_newest", "stock_reads", ["warehouse", "started_at"])
    op.create_table(
        "stock_levels",
        sa.Column("warehouse", sa.Text(), primary_key=True),
        sa.Column("item_id", sa.Text(), primary_key=True),
        sa.Column("facility", sa.Text(), primary_key=True),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("on_hand", sa.BigInteger()),
        sa.Column("allocated", sa.BigInteger()),
        sa.Column("available", sa.BigInteger()),
        sa.Column("infinite", sa.Boolean(), nullable=False),
        sa.Column("kit", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("as_of", _MOMENT, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("gone_at", _MOMENT),
        sa.Column("read_no", sa.BigInteger(), nullable=False),
    )
    op.create_index("stock_levels_sku", "stock_levels", ["sku", "warehouse"])
    op.create_table(
        "stock_history",
        sa.Column("warehouse", sa.Text(), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("item_id", sa.Text(), primary_key=True),
        sa.Column("facility", sa.Text(), primary_key=True),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("on_hand", sa.BigInteger()),
        sa.Column("allocated", sa.BigInteger()),
        sa.Column("available", sa.BigInteger()),
    )


def _offers_and_pushes() -> None:
    op.create_table(
        "offers",
        sa.Column("marketplace", sa.Text(), primary_key=True),
        sa.Column("sku", sa.Text(), primary_key=True),
        sa.Column("offer_id", sa.Text()),
        sa.Column("quantity", sa.BigInteger()),
        sa.Column("active", sa.Boolean()),
        sa.Column("inactivity_reasons", postgresql.ARRAY(sa.Text()), nullable=False, server_default="{}"),
        sa.Column("leadtime_to_ship", sa.BigInteger()),
        sa.Column("price", sa.Numeric()),
        sa.Column("currency", sa.Text()),
        sa.Column("title", sa.Text(), nullable=False, server_default=""),
        sa.Column("read_at", _MOMENT, nullable=False),
        sa.Column("gone_at", _MOMENT),
        sa.Column("told", sa.BigInteger()),
        sa.Column("told_at", _MOMENT),
        sa.Column("told_push", sa.BigInteger()),
    )
    op.create_table(
        "stock_pushes",
        sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=True),
        sa.Column("marketplace", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, unique=True),
        sa.Column("import_id", sa.Text()),
        sa.Column("planned_at", _MOMENT, nullable=False),
        sa.Column("sent_at", _MOMENT),
        sa.Column("ended_at", _MOMENT),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("applied", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("refused", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("ignored", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("full_push", sa.Boolean(), nullable=False),
        sa.Column("computed_at", _MOMENT, nullable=False),
        sa.Column("as_of", _MOMENT),
    )
    op.create_index("stock_pushes_newest", "stock_pushes", ["marketplace", "planned_at"])
    op.create_index(
        "stock_pushes_open", "stock_pushes", ["marketplace"], postgresql_where=sa.text("ended_at is null")
    )
    op.create_table(
        "stock_push_lines",
        sa.Column("push", sa.BigInteger(), sa.ForeignKey("stock_pushes.id"), primary_key=True),
        sa.Column("line", sa.Integer(), primary_key=True),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("words", sa.Text()),
        sa.Column("rejection", sa.Text()),
    )
    op.create_index(
        "stock_push_lines_unapplied",
        "stock_push_lines",
        ["push", "sku"],
        postgresql_where=sa.text("outcome is distinct from 'applied'"),
    )
    op.create_table(
        "stock_brakes",
        sa.Column("marketplace", sa.Text(), primary_key=True),
        sa.Column("kind", sa.Text(), primary_key=True),
        sa.Column("released_by", sa.Text(), nullable=False),
        sa.Column("released_at", _MOMENT, nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
    )


def downgrade() -> None:
    for index in _INDEXES:
        op.drop_index(index)
    op.drop_column("warehouse_orders", "lines_changed_at")
    for table in _NEW:
        op.drop_table(table)
