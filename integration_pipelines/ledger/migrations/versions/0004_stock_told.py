"""When pushes were read back, and peak mode by command; indexes of what every pass looks at."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_MOMENT = sa.DateTime(timezone=True)
# A pass looks every minute, and most of the time finds nothing; its cost may not grow with what has been.
_LOOKED_AT: tuple[tuple[str, str, list[str | sa.TextClause], str], ...] = (
    ("stock_pushes_ended", "stock_pushes", ["marketplace", "ended_at"], ""),
    ("stock_pushes_full", "stock_pushes", ["marketplace", "id"], "full_push"),
    (
        "stock_pushes_unverified",
        "stock_pushes",
        ["marketplace"],
        "state = 'ended' and verified_at is null",
    ),
    ("offers_unapplied", "offers", ["marketplace"], "told is null and told_push is not null"),
    ("stock_levels_moved", "stock_levels", ["warehouse", sa.text("greatest(as_of, changed_at)")], ""),
)


def upgrade() -> None:
    op.add_column("stock_pushes", sa.Column("verified_at", _MOMENT))
    op.create_table(
        "stock_peaks",
        sa.Column("channel", sa.Text(), primary_key=True),
        sa.Column("begins", _MOMENT, nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
    )
    for name, table, columns, where in _LOOKED_AT:
        op.create_index(name, table, columns, postgresql_where=sa.text(where) if where else None)


def downgrade() -> None:
    for name, table, _, _ in _LOOKED_AT:
        op.drop_index(name, table)
    op.drop_table("stock_peaks")
    op.drop_column("stock_pushes", "verified_at")
