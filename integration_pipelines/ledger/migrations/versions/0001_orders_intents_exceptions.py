"""Orders, intents, exceptions, call budgets and counts; the timeline may only grow."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

_TABLES = [
    "call_budgets",
    "call_counts",
    "customers",
    "exceptions",
    "intents",
    "order_lines",
    "order_links",
    "orders",
    "unreadable_records",
    "warehouse_items",
    "warehouse_orders",
    "watermarks",
    "exception_history",
]

_TIMELINE_ONLY_GROWS = """
create function timeline_only_grows() returns trigger language plpgsql as $$
begin raise exception 'the timeline is append-only'; end $$;
create trigger timeline_only_grows before update or delete on timeline
for each row execute function timeline_only_grows();
"""

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "call_budgets",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("state", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "call_counts",
        sa.Column("day", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("calls", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("day", "account", "operation", "outcome"),
    )
    op.create_table(
        "customers",
        sa.Column("warehouse", sa.Text(), nullable=False),
        sa.Column("marketplace", sa.Text(), nullable=False),
        sa.Column("buyer", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("warehouse", "marketplace", "buyer"),
    )
    op.create_table(
        "exceptions",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column(
            "state", sa.Text(), nullable=False, comment="open, closed (cause gone) or resolved (by a person)"
        ),
        sa.Column(
            "present", sa.Boolean(), nullable=False, comment="whether the cause was there at the last look"
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=True),
        sa.Column("money_at_risk", sa.Numeric(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("times_opened", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code", "subject", name="exceptions_one_per_cause"),
    )
    op.create_index(
        "exceptions_open",
        "exceptions",
        ["owner", "deadline"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("exceptions_scope", "exceptions", ["scope"], unique=False)
    op.create_table(
        "intents",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column(
            "subject", sa.Text(), nullable=False, comment="<marketplace>/<order_id>, or what else it is about"
        ),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("request", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sending_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True, comment="the other side's id of what was made"),
        sa.Column("words", sa.Text(), nullable=True, comment="what the other side said"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index(
        "intents_open",
        "intents",
        ["channel", "kind"],
        unique=False,
        postgresql_where=sa.text("state in ('planned','sending','in_doubt')"),
    )
    op.create_index("intents_subject", "intents", ["subject"], unique=False)
    op.create_table(
        "order_lines",
        sa.Column("marketplace", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("line_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.Numeric(), nullable=False),
        sa.Column("price", sa.Numeric(), nullable=False, comment="line total without shipping"),
        sa.Column("shipping_price", sa.Numeric(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("marketplace", "order_id", "line_id"),
    )
    op.create_table(
        "order_links",
        sa.Column("marketplace", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("warehouse", sa.Text(), nullable=False),
        sa.Column("warehouse_order_id", sa.Text(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("marketplace", "order_id", "revision"),
        sa.UniqueConstraint("warehouse", "warehouse_order_id", name="order_links_one_order_each"),
    )
    op.create_table(
        "orders",
        sa.Column("marketplace", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column(
            "number",
            sa.Text(),
            nullable=False,
            comment="our deterministic reference in the warehouse, without revision",
        ),
        sa.Column(
            "state", sa.Text(), nullable=False, comment="as the marketplace says it, unknown values included"
        ),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("total_price", sa.Numeric(), nullable=False),
        sa.Column("shipping_price", sa.Numeric(), nullable=False),
        sa.Column("buyer", sa.Text(), nullable=False),
        sa.Column(
            "contact",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="first_name, last_name, email as far as known",
        ),
        sa.Column(
            "ship_to",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="null until the marketplace shows the address",
        ),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="the marketplace's last_updated_date",
        ),
        sa.Column(
            "waiting_since",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it was first seen waiting for acceptance, marketplace's time",
        ),
        sa.Column("accept_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ship_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "read_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when the read that produced this row began, our clock",
        ),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("raw_hash", sa.Text(), nullable=False),
        sa.Column(
            "revision",
            sa.Integer(),
            server_default="1",
            nullable=False,
            comment="which warehouse order is meant",
        ),
        sa.Column(
            "refused_lines",
            postgresql.ARRAY(sa.Text()),
            server_default="{}",
            nullable=False,
            comment="lines decided against",
        ),
        sa.Column(
            "approvals",
            postgresql.ARRAY(sa.Text()),
            server_default="{}",
            nullable=False,
            comment="holds a person lifted",
        ),
        sa.Column(
            "accepted_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when our acceptance took effect",
        ),
        sa.Column(
            "outcome",
            sa.Text(),
            nullable=True,
            comment="null while open, else released, shipped, cancelled, refused, not_ours",
        ),
        sa.Column(
            "look_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it must be decided again; null: only when a fact changes",
        ),
        sa.Column(
            "version",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="moves with every stored fact",
        ),
        sa.Column(
            "failures", sa.Integer(), server_default="0", nullable=False, comment="failed attempts in a row"
        ),
        sa.PrimaryKeyConstraint("marketplace", "order_id"),
        sa.UniqueConstraint("channel", "number", name="orders_one_number_per_channel"),
    )
    op.create_index(
        "orders_due",
        "orders",
        ["channel", "look_at"],
        unique=False,
        postgresql_where=sa.text("look_at is not null"),
    )
    op.create_index("orders_number", "orders", ["number"], unique=False)
    op.create_index(
        "orders_open", "orders", ["channel"], unique=False, postgresql_where=sa.text("outcome is null")
    )
    op.create_table(
        "timeline",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("side", sa.Text(), nullable=False, comment="marketplace, warehouse, integration or person"),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("timeline_subject", "timeline", ["subject", "id"], unique=False)
    op.create_table(
        "unreadable_records",
        sa.Column("source", sa.Text(), nullable=False, comment="marketplace or warehouse key"),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "reference"),
    )
    op.create_table(
        "warehouse_items",
        sa.Column("warehouse", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False, comment="known, unknown, ambiguous, inactive"),
        sa.Column("item_id", sa.Text(), nullable=True),
        sa.Column("price", sa.Numeric(), nullable=True),
        sa.Column("misses", sa.Integer(), server_default="0", nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("warehouse", "sku"),
    )
    op.create_table(
        "warehouse_orders",
        sa.Column("warehouse", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("raw_status", sa.Text(), nullable=False),
        sa.Column("lines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("total_price", sa.Numeric(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("picked", sa.Boolean(), nullable=False),
        sa.Column("shipped_parcels", sa.Integer(), nullable=False),
        sa.Column("merged_into", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("warehouse", "id"),
    )
    op.create_index(
        "warehouse_orders_number", "warehouse_orders", ["warehouse", "store", "number"], unique=False
    )
    op.create_table(
        "watermarks",
        sa.Column(
            "stream",
            sa.Text(),
            nullable=False,
            comment="what is read: orders:<marketplace>, orders:<warehouse>",
        ),
        sa.Column(
            "position",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="newest change the other side has shown us",
        ),
        sa.Column(
            "read_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when a whole read last ended, on our clock",
        ),
        sa.PrimaryKeyConstraint("stream"),
    )
    op.create_table(
        "exception_history",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("exception_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "what", sa.Text(), nullable=False, comment="opened, changed, closed, reopened, retried, resolved"
        ),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["exception_id"],
            ["exceptions.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("exception_history_exception", "exception_history", ["exception_id", "id"], unique=False)
    op.execute(_TIMELINE_ONLY_GROWS)


def downgrade() -> None:
    op.execute("drop table if exists timeline; drop function if exists timeline_only_grows")
    for table in reversed(_TABLES):
        op.drop_table(table)
