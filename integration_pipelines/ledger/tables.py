"""The tables, for SQLAlchemy Core. The schema itself is made by `migrations/`.

Money columns are NUMERIC with the currency beside them; times are timestamptz; raw answers are JSONB.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData()
_Moment = DateTime(timezone=True)

watermarks = Table(
    "watermarks",
    metadata,
    Column(
        "stream", Text, primary_key=True, comment="what is read: orders:<marketplace>, stock:<warehouse> …"
    ),
    Column("position", _Moment, nullable=False, comment="newest change the other side has shown us"),
    Column("read_at", _Moment, nullable=False, comment="when a whole read last ended, on our clock"),
)

orders = Table(
    "orders",
    metadata,
    Column("marketplace", Text, primary_key=True),
    Column("order_id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column(
        "number",
        Text,
        nullable=False,
        comment="our deterministic reference in the warehouse, without revision",
    ),
    Column("state", Text, nullable=False, comment="as the marketplace says it, unknown values included"),
    Column("currency", Text, nullable=False),
    Column("total_price", Numeric, nullable=False),
    Column("shipping_price", Numeric, nullable=False),
    Column("buyer", Text, nullable=False),
    Column("contact", JSONB, nullable=False, comment="first_name, last_name, email as far as known"),
    Column("ship_to", JSONB, comment="null until the marketplace shows the address"),
    Column("placed_at", _Moment, nullable=False),
    Column("updated_at", _Moment, nullable=False, comment="the marketplace's last_updated_date"),
    Column(
        "waiting_since", _Moment, comment="when it was first seen waiting for acceptance, marketplace's time"
    ),
    Column("accept_by", _Moment),
    Column("ship_by", _Moment),
    Column("cleared_at", _Moment, comment="first seen cleared for dispatch (SHIPPING), marketplace's time"),
    Column(
        "read_at", _Moment, nullable=False, comment="when the read that produced this row began, our clock"
    ),
    Column("first_seen_at", _Moment, nullable=False),
    Column("raw", JSONB, nullable=False),
    Column("raw_hash", Text, nullable=False),
    Column("revision", Integer, nullable=False, server_default="1", comment="which warehouse order is meant"),
    Column(
        "refused_lines", ARRAY(Text), nullable=False, server_default="{}", comment="lines decided against"
    ),
    Column("approvals", ARRAY(Text), nullable=False, server_default="{}", comment="holds a person lifted"),
    Column("accepted_at", _Moment, comment="when our acceptance took effect"),
    Column("outcome", Text, comment="null while open, else released, shipped, cancelled, refused, not_ours"),
    Column("look_at", _Moment, comment="when it must be decided again; null: only when a fact changes"),
    Column("version", BigInteger, nullable=False, server_default="0", comment="moves with every stored fact"),
    Column("failures", Integer, nullable=False, server_default="0", comment="failed attempts in a row"),
    Column(
        "dispatch_version",
        BigInteger,
        nullable=False,
        server_default="-1",
        comment="version at the last decision about its dispatch",
    ),
    Column(
        "dispatch_moved",
        Boolean,
        Computed(""),
        comment="it may be dispatched or was, and moved since that decision",
    ),
    Index("orders_due", "channel", "look_at", postgresql_where=text("look_at is not null")),
    Index("orders_open", "channel", postgresql_where=text("outcome is null")),
    Index("orders_number", "number"),
    Index(
        "orders_promised",
        "channel",
        postgresql_where=text(
            "state not in ('REFUSED', 'CANCELED', 'SHIPPED', 'TO_COLLECT', 'RECEIVED', 'CLOSED')"
        ),
    ),
    Index("orders_dispatch", "channel", postgresql_where=text("dispatch_moved")),
    Index("orders_placed", "channel", "placed_at"),
    Index("orders_read", "channel", "read_at"),
    Index(
        "orders_refunded",
        "marketplace",
        "read_at",
        postgresql_where=text("jsonb_path_exists(raw, '$.order_lines[*].refunds[*]')"),
    ),
    UniqueConstraint("channel", "number", name="orders_one_number_per_channel"),
)

order_lines = Table(
    "order_lines",
    metadata,
    Column("marketplace", Text, primary_key=True),
    Column("order_id", Text, primary_key=True),
    Column("line_id", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("sku", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("unit_price", Numeric, nullable=False),
    Column("price", Numeric, nullable=False, comment="line total without shipping"),
    Column("shipping_price", Numeric, nullable=False),
    Column("state", Text, nullable=False),
)

unreadable_records = Table(
    "unreadable_records",
    metadata,
    Column("source", Text, primary_key=True, comment="marketplace or warehouse key"),
    Column("reference", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("raw", JSONB, nullable=False),
    Column("first_seen_at", _Moment, nullable=False),
    Column("last_seen_at", _Moment, nullable=False),
)

warehouse_orders = Table(
    "warehouse_orders",
    metadata,
    Column("warehouse", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("number", Text, nullable=False),
    Column("store", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("raw_status", Text, nullable=False),
    Column("lines", JSONB, nullable=False),
    Column("total_price", Numeric),
    Column("currency", Text),
    Column("picked", Boolean, nullable=False),
    Column("packed", Boolean, nullable=False, server_default=text("false")),
    Column("shipped_parcels", Integer, nullable=False),
    Column("merged_into", Text),
    Column("state_since", _Moment, nullable=False, comment="when it came into its state, warehouse's time"),
    Column("progress", Text, Computed(""), comment="the state, and within it picked or packed"),
    Column("base_number", Text, Computed(""), comment="the number without its revision"),
    Column("created_at", _Moment, nullable=False),
    Column("updated_at", _Moment, nullable=False),
    Column("read_at", _Moment, nullable=False),
    Column("raw", JSONB, nullable=False),
    Column(
        "lines_changed_at",
        _Moment,
        comment="when units or allocations last changed after the first read, warehouse's time",
    ),
    Index("warehouse_orders_number", "warehouse", "store", "number"),
    Index("warehouse_orders_base_number", "warehouse", "base_number"),
    Index("warehouse_orders_read", "warehouse", "read_at"),
)

order_links = Table(
    "order_links",
    metadata,
    Column("marketplace", Text, primary_key=True),
    Column("order_id", Text, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("warehouse", Text, nullable=False),
    Column("warehouse_order_id", Text, nullable=False),
    Column("linked_at", _Moment, nullable=False),
    UniqueConstraint("warehouse", "warehouse_order_id", name="order_links_one_order_each"),
    Index("order_links_linked", "warehouse", "linked_at"),
)

warehouse_items = Table(
    "warehouse_items",
    metadata,
    Column("warehouse", Text, primary_key=True),
    Column("sku", Text, primary_key=True),
    Column("standing", Text, nullable=False, comment="known, unknown, ambiguous, inactive"),
    Column("item_id", Text),
    Column("price", Numeric),
    Column("misses", Integer, nullable=False, server_default="0"),
    Column("checked_at", _Moment, nullable=False),
)

customers = Table(
    "customers",
    metadata,
    Column("warehouse", Text, primary_key=True),
    Column("marketplace", Text, primary_key=True),
    Column("buyer", Text, primary_key=True),
    Column("customer_id", Text, nullable=False),
)

intents = Table(
    "intents",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("subject", Text, nullable=False, comment="<marketplace>/<order_id>, or what else it is about"),
    Column("state", Text, nullable=False),
    Column("request", JSONB, nullable=False),
    Column("request_hash", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("planned_at", _Moment, nullable=False),
    Column("sending_at", _Moment),
    Column("settled_at", _Moment),
    Column("reference", Text, comment="the other side's id of what was made"),
    Column("words", Text, comment="what the other side said"),
    Index("intents_subject", "subject"),
    Index(
        "intents_open", "channel", "kind", postgresql_where=text("state in ('planned','sending','in_doubt')")
    ),
)

timeline = Table(
    "timeline",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("subject", Text, nullable=False),
    Column("at", _Moment, nullable=False),
    Column("side", Text, nullable=False, comment="marketplace, warehouse, integration or person"),
    Column("what", Text, nullable=False),
    Column("details", JSONB, nullable=False, server_default="{}"),
    Index("timeline_subject", "subject", "id"),
)

exceptions = Table(
    "exceptions",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("code", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False, comment="open, closed (cause gone) or resolved (by a person)"),
    Column("present", Boolean, nullable=False, comment="whether the cause was there at the last look"),
    Column("reason", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("deadline", _Moment),
    Column("money_at_risk", Numeric),
    Column("currency", Text),
    Column("details", JSONB, nullable=False, server_default="{}"),
    Column("first_seen_at", _Moment, nullable=False),
    Column("last_seen_at", _Moment, nullable=False),
    Column("closed_at", _Moment),
    Column("times_opened", Integer, nullable=False, server_default="1"),
    UniqueConstraint("code", "subject", name="exceptions_one_per_cause"),
    Index("exceptions_scope", "scope"),
    Index("exceptions_open", "owner", "deadline", postgresql_where=text("state = 'open'")),
)

exception_history = Table(
    "exception_history",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("exception_id", BigInteger, ForeignKey("exceptions.id"), nullable=False),
    Column("at", _Moment, nullable=False),
    Column("what", Text, nullable=False, comment="opened, changed, closed, reopened, retried, resolved"),
    Column("who", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Index("exception_history_exception", "exception_id", "id"),
)

call_budgets = Table(
    "call_budgets",
    metadata,
    Column("key", Text, primary_key=True),
    Column("state", ARRAY(Text), nullable=False),
)

call_counts = Table(
    "call_counts",
    metadata,
    Column("day", DateTime(timezone=True), primary_key=True),
    Column("account", Text, primary_key=True),
    Column("operation", Text, primary_key=True),
    Column("outcome", Text, primary_key=True),
    Column("calls", BigInteger, nullable=False, server_default="0"),
)

access_tokens = Table(
    "access_tokens",
    metadata,
    Column("account", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False, comment="encrypted with a key from the environment"),
)

stock_reads = Table(
    "stock_reads",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("warehouse", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="full or delta"),
    Column("started_at", _Moment, nullable=False, comment="our clock"),
    Column("ended_at", _Moment, comment="null while it reads, or when its process died"),
    Column("complete", Boolean, nullable=False, server_default=text("false")),
    Column("levels", Integer, nullable=False, server_default="0"),
    Column(
        "skus", Integer, nullable=False, server_default="0", comment="of a full read: how many it brought"
    ),
    Column("known_before", Integer, nullable=False, server_default="0", comment="SKUs before a full read"),
    Column("failing", Text, comment="why it failed"),
    Index("stock_reads_newest", "warehouse", "started_at"),
)

stock_levels = Table(
    "stock_levels",
    metadata,
    Column("warehouse", Text, primary_key=True),
    Column("item_id", Text, primary_key=True),
    Column("facility", Text, primary_key=True, comment="empty: the warehouse does not say where"),
    Column("sku", Text, nullable=False),
    Column("on_hand", BigInteger),
    Column("allocated", BigInteger),
    Column("available", BigInteger, comment="null is unknown, or infinite; never zero"),
    Column("infinite", Boolean, nullable=False),
    Column("kit", Boolean, nullable=False),
    Column("active", Boolean, nullable=False, comment="false: the warehouse has deleted the item"),
    Column("as_of", _Moment, nullable=False, comment="true then or later; a full read renews it unwritten"),
    Column("source", Text, nullable=False),
    Column("changed_at", _Moment, nullable=False, comment="when anything but as_of last changed here"),
    Column("gone_at", _Moment, comment="a complete read that should have brought it did not"),
    Column("read_no", BigInteger, nullable=False, comment="the read that wrote it"),
    Index("stock_levels_sku", "sku", "warehouse"),
    Index("stock_levels_moved", "warehouse", text("greatest(as_of, changed_at)")),
)

stock_history = Table(
    "stock_history",
    metadata,
    Column("warehouse", Text, primary_key=True),
    Column("day", Date, primary_key=True, comment="UTC; the levels as they were last known on it"),
    Column("item_id", Text, primary_key=True),
    Column("facility", Text, primary_key=True),
    Column("sku", Text, nullable=False),
    Column("on_hand", BigInteger),
    Column("allocated", BigInteger),
    Column("available", BigInteger),
)

offers = Table(
    "offers",
    metadata,
    Column("marketplace", Text, primary_key=True),
    Column("sku", Text, primary_key=True),
    Column("offer_id", Text),
    Column("quantity", BigInteger, comment="as the marketplace showed it at read_at; null is unknown"),
    Column("active", Boolean),
    Column("inactivity_reasons", ARRAY(Text), nullable=False, server_default="{}"),
    Column("leadtime_to_ship", BigInteger, comment="days"),
    Column("price", Numeric),
    Column("currency", Text),
    Column("title", Text, nullable=False, server_default=""),
    Column("read_at", _Moment, nullable=False, comment="when it was asked for, our clock"),
    Column("gone_at", _Moment, comment="a complete export did not bring it, or said deleted"),
    Column("told", BigInteger, comment="figure of told_push, if it was applied; null when that is not known"),
    Column("told_at", _Moment, comment="when told_push ended"),
    Column("told_push", BigInteger, comment="the newest push with this SKU that ended"),
    Column("barcodes", ARRAY(Text), comment="null: not told yet"),
    Column("barcode_key", Text, nullable=False, server_default="", comment="barcodes, to be compared"),
    Column("created_at", _Moment, comment="as the marketplace says"),
    Column("appeared_at", _Moment, comment="first seen, or seen again; null: it was in the first export"),
    Index(
        "offers_unapplied",
        "marketplace",
        postgresql_where=text("told is null and told_push is not null"),
    ),
)

stock_pushes = Table(
    "stock_pushes",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("marketplace", Text, nullable=False),
    Column("key", Text, nullable=False, unique=True, comment="of the intent"),
    Column("import_id", Text, comment="the marketplace's"),
    Column("planned_at", _Moment, nullable=False),
    Column("sent_at", _Moment),
    Column("ended_at", _Moment, comment="when what became of it was known, or known to be lost"),
    Column("state", Text, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("applied", Integer, nullable=False, server_default="0"),
    Column("refused", Integer, nullable=False, server_default="0"),
    Column("ignored", Integer, nullable=False, server_default="0"),
    Column("full_push", Boolean, nullable=False, comment="every known figure, not only changed ones"),
    Column("computed_at", _Moment, nullable=False),
    Column("as_of", _Moment, comment="of the levels it was computed from"),
    Column("verified_at", _Moment, comment="when its figures were read back from the offers"),
    Index("stock_pushes_newest", "marketplace", "planned_at"),
    Index("stock_pushes_open", "marketplace", postgresql_where=text("ended_at is null")),
    Index("stock_pushes_ended", "marketplace", "ended_at"),
    Index("stock_pushes_full", "marketplace", "id", postgresql_where=text("full_push")),
    Index(
        "stock_pushes_unverified",
        "marketplace",
        postgresql_where=text("state = 'ended' and verified_at is null"),
    ),
)

stock_push_lines = Table(
    "stock_push_lines",
    metadata,
    Column("push", BigInteger, ForeignKey("stock_pushes.id"), primary_key=True),
    Column(
        "line",
        Integer,
        primary_key=True,
        comment="its number in the file that was sent, as error reports count",
    ),
    Column("sku", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("outcome", Text, comment="applied, refused or ignored; null while it is not known"),
    Column("words", Text, comment="the marketplace's own"),
    Column("rejection", Text, comment="their neutral class"),
    Index(
        "stock_push_lines_unapplied",
        "push",
        "sku",
        postgresql_where=text("outcome is distinct from 'applied'"),
    ),
)

stock_brakes = Table(
    "stock_brakes",
    metadata,
    Column("marketplace", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("released_by", Text, nullable=False),
    Column("released_at", _Moment, nullable=False),
    Column("until", _Moment, nullable=False),
)

stock_peaks = Table(
    "stock_peaks",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("begins", _Moment, nullable=False),
    Column("until", _Moment, nullable=False, comment="peak mode by command: no longer in it"),
    Column("set_by", Text, nullable=False),
)

parcels = Table(
    "parcels",
    metadata,
    Column("warehouse", Text, primary_key=True),
    Column("parcel_id", Text, primary_key=True),
    Column("order_number", Text, primary_key=True, comment="a parcel for two orders has two rows"),
    Column("base_number", Text, nullable=False, comment="the number without its revision"),
    Column("order_key", Text, comment="the warehouse's own id of the order"),
    Column("store", Text, nullable=False),
    Column("state", Text, nullable=False, comment="prepared, shipped, withdrawn, unknown"),
    Column("raw_status", Text, nullable=False),
    Column("carrier", Text, nullable=False),
    Column("also_named", JSONB, nullable=False),
    Column("service", Text, nullable=False),
    Column("tracking_number", Text),
    Column("tracking_url", Text, nullable=False),
    Column("more_tracking_numbers", JSONB, nullable=False),
    Column("undivided", Boolean, nullable=False),
    Column("mixed", Boolean, nullable=False, comment="another order's goods may be in it"),
    Column("shipped_at", _Moment),
    Column("lines", JSONB, nullable=False, comment="line_id (may be null), sku, quantity"),
    Column("raw", JSONB, nullable=False),
    Column("first_seen_at", _Moment, nullable=False),
    Column("changed_at", _Moment, nullable=False, comment="when a read last found it different, our clock"),
    Column("read_at", _Moment, nullable=False),
    Index("parcels_number", "warehouse", "base_number"),
    Index("parcels_order", "warehouse", "order_key"),
)

dispatches = Table(
    "dispatches",
    metadata,
    Column("marketplace", Text, primary_key=True),
    Column("order_id", Text, primary_key=True),
    Column(
        "parcel",
        Text,
        primary_key=True,
        comment="the warehouse's; `order`: all of it; `shipment …`: others'",
    ),
    Column("shipment_id", Text, comment="the marketplace's; null where it takes whole orders only"),
    Column("state", Text, nullable=False, comment="the marketplace's word, unknown ones included"),
    Column("units", JSONB, nullable=False, comment="order line id → units"),
    Column("tracking", JSONB, comment="as we told it last; null: told without"),
    Column("seen", JSONB, comment="as the marketplace showed it last"),
    Column("told_at", _Moment, comment="when we told something last; null: it was told by somebody else"),
    Column("confirmed_at", _Moment, comment="since when the parcel counts as handed over, our clock"),
    Column("read_at", _Moment, comment="when it was last shown, since we told something of it"),
    Column("missed_at", _Moment, comment="when a list lacked it though it was told a moment before"),
    Index("dispatches_confirmed", "marketplace", "confirmed_at"),
)

dispatch_queue = Table(
    "dispatch_queue",
    metadata,
    Column("marketplace", Text, primary_key=True),
    Column("order_id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("touched", BigInteger, nullable=False, comment="moves with every stored parcel or mapping"),
    Column("look_at", _Moment),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("waits_for", Text, comment="the warehouse's carrier that nobody has mapped yet"),
    Column("parcels_read_at", _Moment, comment="when its parcels were last read by the order's own key"),
    Column("shipments_read_at", _Moment, comment="when the marketplace's parcels were last read"),
    Index("dispatch_queue_due", "channel", "look_at", postgresql_where=text("look_at is not null")),
    Index("dispatch_queue_waits", "channel", "waits_for", postgresql_where=text("waits_for is not null")),
)

marketplace_carriers = Table(
    "marketplace_carriers",
    metadata,
    Column("marketplace", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("label", Text, nullable=False),
    Column("tracking_url", Text, nullable=False),
)

shipping_types = Table(
    "shipping_types",
    metadata,
    Column("marketplace", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("label", Text, nullable=False),
    Column("mandatory_tracking", Boolean, nullable=False),
)

learned_carriers = Table(
    "learned_carriers",
    metadata,
    Column("marketplace", Text, primary_key=True),
    Column("warehouse_name", Text, primary_key=True),
    Column("code", Text, nullable=False),
    Column("learned_by", Text, nullable=False),
    Column("learned_at", _Moment, nullable=False),
)
