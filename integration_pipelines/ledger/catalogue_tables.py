"""The tables of the catalogue audit, for SQLAlchemy Core. The schema itself is made by `migrations/`."""

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Index, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from integration_pipelines.ledger.tables import metadata

_Moment = DateTime(timezone=True)

catalogue_items = Table(
    "catalogue_items",
    metadata,
    Column("warehouse", Text, primary_key=True),
    Column("item_id", Text, primary_key=True),
    Column("sku", Text, nullable=False, comment="empty where the item has none"),
    Column("title", Text, nullable=False),
    Column("barcodes", ARRAY(Text), comment="null: not told"),
    Column("barcode_key", Text, nullable=False, server_default="", comment="barcodes, to be compared"),
    Column("active", Boolean, nullable=False, comment="false: deleted, or must not be sold"),
    Column("created_at", _Moment, comment="as the warehouse says"),
    Column("changed_at", _Moment, comment="when we saw it appear or change; null: as it was at first"),
    Column("as_of", _Moment, nullable=False, comment="when the read began that brought it, our clock"),
    Column("gone_at", _Moment, comment="a complete read that should have brought it did not"),
    Index("catalogue_items_sku", "warehouse", "sku"),
)

sku_audits = Table(
    "sku_audits",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("channel", Text, nullable=False),
    Column("audited_at", _Moment, nullable=False),
    Column("items_as_of", _Moment, comment="when the read of the warehouse began"),
    Column("offers_as_of", _Moment, comment="when the read of the marketplace began"),
    Column("incomplete", Text, comment="why nothing was compared; null: it was"),
    Column("counts", JSONB, nullable=False, comment="SKUs by side and class"),
    Index("sku_audits_newest", "channel", "id"),
)

sku_drift = Table(
    "sku_drift",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("side", Text, primary_key=True),
    Column("sku", Text, primary_key=True),
    Column("drift", Text, nullable=False, comment="its class, see catalogue/facts.py"),
    Column("other", Text, comment="the closest SKU of the other side"),
    Column("why", Text, nullable=False, comment="why that one, or what is known of this one"),
    Column("since", _Moment, nullable=False, comment="when it was first found in this class"),
    Column("seen_at", _Moment, nullable=False, comment="the audit that found it last"),
    Column("aside_at", _Moment, comment="when a person resolved its class and so left it as it is"),
    Index("sku_drift_kind", "channel", "drift"),
)
