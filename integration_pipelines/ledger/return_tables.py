"""The tables of returns and refunds, for SQLAlchemy Core. The schema itself is made by `migrations/`.

Lines are kept with their return, as the flow's neutral words for them: they are only ever read together.
"""

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Index, Integer, Numeric, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from integration_pipelines.ledger.tables import metadata

_Moment = DateTime(timezone=True)

marketplace_returns = Table(
    "marketplace_returns",
    metadata,
    Column("marketplace", Text, primary_key=True),
    Column("return_id", Text, primary_key=True),
    Column("order_id", Text, nullable=False),
    Column("state", Text, nullable=False, comment="as the marketplace says it, unknown values included"),
    Column("method", Text, nullable=False),
    Column("rma", Text, comment="the number that goods come back under, where somebody gave one"),
    Column("reason_code", Text),
    Column("lines", JSONB, nullable=False, comment="line_id, quantity, reason"),
    Column("created_at", _Moment, nullable=False),
    Column("updated_at", _Moment, nullable=False),
    Column("read_at", _Moment, nullable=False),
    Column("raw", JSONB, nullable=False),
    Index("marketplace_returns_order", "marketplace", "order_id"),
)

warehouse_returns = Table(
    "warehouse_returns",
    metadata,
    Column("warehouse", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("number", Text, nullable=False),
    Column("store", Text, nullable=False),
    Column("order_number", Text, nullable=False),
    Column("marketplace_reference", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("raw_status", Text, nullable=False),
    Column("before_dispatch", Boolean, nullable=False),
    Column("lines", JSONB, nullable=False, comment="line_id, sku, ordered, received, damaged, condition"),
    Column("marketplace", Text, comment="of the order that it belongs to; null: none that we know"),
    Column("order_id", Text),
    Column("created_at", _Moment),
    Column("updated_at", _Moment, nullable=False),
    Column(
        "changed_at", _Moment, nullable=False, comment="when state and lines last changed here, our clock"
    ),
    Column("read_at", _Moment, nullable=False),
    Column("raw", JSONB, nullable=False),
    Index("warehouse_returns_order", "marketplace", "order_id"),
    Index("warehouse_returns_unmatched", "warehouse", postgresql_where=text("order_id is null")),
)

refunds = Table(
    "refunds",
    metadata,
    Column("marketplace", Text, primary_key=True),
    Column("refund_id", Text, primary_key=True),
    Column("order_id", Text, nullable=False),
    Column("line_id", Text, nullable=False),
    Column("amount", Numeric, nullable=False, comment="for goods, in the order's own tax mode"),
    Column("shipping_amount", Numeric, nullable=False),
    Column("currency", Text, nullable=False),
    Column("quantity", Integer, comment="informative: null and 0 are seen"),
    Column("reason_code", Text),
    Column("state", Text, nullable=False, comment="as the marketplace says it, unknown values included"),
    Column("created_at", _Moment),
    Column("first_seen_at", _Moment, nullable=False),
    Column("read_at", _Moment, nullable=False),
    Column("raw", JSONB, nullable=False),
    Index("refunds_order", "marketplace", "order_id"),
)

refund_decisions = Table(
    "refund_decisions",
    metadata,
    Column("key", Text, primary_key=True, comment="of the intent, which says what became of it"),
    Column("marketplace", Text, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("line_id", Text, nullable=False),
    Column(
        "units", Integer, nullable=False, comment="the line's first so many returned units are paid by it"
    ),
    Column("amount", Numeric, nullable=False),
    Column("shipping_amount", Numeric, nullable=False),
    Column("currency", Text, nullable=False),
    Column("taxes", JSONB, nullable=False, comment="code → amount as text"),
    Column("shipping_taxes", JSONB, nullable=False),
    Column("decided_at", _Moment, nullable=False),
    Index("refund_decisions_order", "marketplace", "order_id"),
)

return_cases = Table(
    "return_cases",
    metadata,
    Column("marketplace", Text, primary_key=True),
    Column("order_id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("look_at", _Moment, comment="when it must be decided again; null: only when a fact changes"),
    Column("reread_at", _Moment, comment="when the warehouse was last asked for this order's returns"),
    Column("custody", JSONB, nullable=False, server_default="{}", comment="return → where its goods are"),
    Column("money", JSONB, nullable=False, server_default="{}", comment="order line → where its money is"),
    Column(
        "due",
        JSONB,
        nullable=False,
        server_default="{}",
        comment="order line → amount, shipping_amount",
    ),
    Column("version", BigInteger, nullable=False, server_default="0", comment="moves with every stored fact"),
    Index("return_cases_due", "channel", "look_at", postgresql_where=text("look_at is not null")),
)

return_starts = Table(
    "return_starts",
    metadata,
    Column("account", Text, primary_key=True, comment="a channel or a warehouse"),
    Column(
        "began_at", _Moment, nullable=False, comment="what happened until then is history, and no finding"
    ),
)
