"""When an order was cleared for dispatch, how far the floor is, base numbers, and kept access tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_PROGRESS = """
case when state in ('shipped', 'cancelled') then state
    when packed then 'packed' when picked then 'picked' else state end
"""


def upgrade() -> None:
    op.add_column("orders", sa.Column("cleared_at", sa.DateTime(timezone=True)))
    op.add_column(
        "warehouse_orders", sa.Column("packed", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column(
        "warehouse_orders",
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.add_column(
        "warehouse_orders",
        sa.Column("progress", sa.Text(), sa.Computed(_PROGRESS, persisted=True), nullable=False),
    )
    op.add_column(
        "warehouse_orders",
        sa.Column(
            "base_number",
            sa.Text(),
            sa.Computed("regexp_replace(number, '--r[0-9]+$', '')", persisted=True),
            nullable=False,
        ),
    )
    op.create_index("warehouse_orders_base_number", "warehouse_orders", ["warehouse", "base_number"])
    op.create_table(
        "access_tokens",
        sa.Column("account", sa.Text(), primary_key=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("access_tokens")
    op.drop_index("warehouse_orders_base_number")
    for column in ("base_number", "progress", "state_since", "packed"):
        op.drop_column("warehouse_orders", column)
    op.drop_column("orders", "cleared_at")
