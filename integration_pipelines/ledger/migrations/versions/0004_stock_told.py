"""When pushes were read back, and peak mode by command."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("stock_pushes", sa.Column("verified_at", _MOMENT))
    op.create_table(
        "stock_peaks",
        sa.Column("channel", sa.Text(), primary_key=True),
        sa.Column("begins", _MOMENT, nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("stock_peaks")
    op.drop_column("stock_pushes", "verified_at")
