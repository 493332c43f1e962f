"""Parcels of warehouses, what marketplaces were told of them, carriers, and the queue of dispatches."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

_MOMENT = sa.DateTime(timezone=True)
_NEW = (
    *("learned_carriers", "shipping_types", "marketplace_carriers"),
    *("dispatch_queue", "dispatches", "parcels"),
)

# What happens before dispatch is not looked at until a parcel says otherwise.
_MOVED = "dispatch_version <> version and state in ('SHIPPING', 'SHIPPED', 'TO_COLLECT', 'RECEIVED')"


def upgrade() -> None:
    op.create_table(
        "parcels",
        sa.Column("warehouse", sa.Text(), primary_key=True),
        sa.Column("parcel_id", sa.Text(), primary_key=True),
        sa.Column("order_number", sa.Text(), primary_key=True),
        sa.Column("base_number", sa.Text(), nullable=False),
        sa.Column("order_key", sa.Text()),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("raw_status", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("also_named", postgresql.JSONB(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("tracking_number", sa.Text()),
        sa.Column("tracking_url", sa.Text(), nullable=False),
        sa.Column("more_tracking_numbers", postgresql.JSONB(), nullable=False),
        sa.Column("undivided", sa.Boolean(), nullable=False),
        sa.Column("mixed", sa.Boolean(), nullable=False),
        sa.Column("shipped_at", _MOMENT),
        sa.Column("lines", postgresql.JSONB(), nullable=False),
        sa.Column("raw", postgresql.JSONB(), nullable=False),
        sa.Column("first_seen_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("read_at", _MOMENT, nullable=False),
    )
    op.create_index("parcels_number", "parcels", ["warehouse", "base_number"])
    op.create_index("parcels_order", "parcels", ["warehouse", "order_key"])
    op.create_table(
        "dispatches",
        sa.Column("marketplace", sa.Text(), primary_key=True),
        sa.Column("order_id", sa.Text(), primary_key=True),
        sa.Column("parcel", sa.Text(), primary_key=True),
        sa.Column("shipment_id", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("units", postgresql.JSONB(), nullable=False),
        sa.Column("tracking", postgresql.JSONB()),
        sa.Column("seen", postgresql.JSONB()),
        sa.Column("told_at", _MOMENT),
        sa.Column("confirmed_at", _MOMENT),
        sa.Column("read_at", _MOMENT),
        sa.Column("missed_at", _MOMENT),
    )
    op.create_index("dispatches_confirmed", "dispatches", ["marketplace", "confirmed_at"])
    op.add_column(
        "orders", sa.Column("dispatch_version", sa.BigInteger(), nullable=False, server_default="-1")
    )
    # A column, not an expression in the index: the planner has to know how few there are.
    op.add_column("orders", sa.Column("dispatch_moved", sa.Boolean(), sa.Computed(_MOVED, persisted=True)))
    op.create_index("orders_dispatch", "orders", ["channel"], postgresql_where=sa.text("dispatch_moved"))
    op.create_table(
        "dispatch_queue",
        sa.Column("marketplace", sa.Text(), primary_key=True),
        sa.Column("order_id", sa.Text(), primary_key=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("touched", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("look_at", _MOMENT),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("waits_for", sa.Text()),
        sa.Column("parcels_read_at", _MOMENT),
        sa.Column("shipments_read_at", _MOMENT),
    )
    op.create_index(
        "dispatch_queue_due",
        "dispatch_queue",
        ["channel", "look_at"],
        postgresql_where=sa.text("look_at is not null"),
    )
    op.create_index(
        "dispatch_queue_waits",
        "dispatch_queue",
        ["channel", "waits_for"],
        postgresql_where=sa.text("waits_for is not null"),
    )
    op.create_table(
        "marketplace_carriers",
        sa.Column("marketplace", sa.Text(), primary_key=True),
        sa.Column("code", sa.Text(), primary_key=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("tracking_url", sa.Text(), nullable=False),
    )
    op.create_table(
        "shipping_types",
        sa.Column("marketplace", sa.Text(), primary_key=True),
        sa.Column("code", sa.Text(), primary_key=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("mandatory_tracking", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "learned_carriers",
        sa.Column("marketplace", sa.Text(), primary_key=True),
        sa.Column("warehouse_name", sa.Text(), primary_key=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("learned_by", sa.Text(), nullable=False),
        sa.Column("learned_at", _MOMENT, nullable=False),
    )


def downgrade() -> None:
    op.drop_index("orders_dispatch", "orders")
    op.drop_column("orders", "dispatch_moved")
    op.drop_column("orders", "dispatch_version")
    for name in _NEW:
        op.drop_table(name)
