"""What the stock flow says in the Dagster UI: descriptions, and the columns of its tables.

Words only, for merchandisers and the warehouse floor; no figures, no Dagster.
"""

from integration_pipelines.stock.checks import Check


def warehouse_stock(name: str) -> str:
    """About `[<warehouse>, "stock"]`."""
    return (
        f"What **{name}** has of every SKU in every building, as of the last read. A sensor reads what "
        "changed once a minute and asks for a full read when one is due; materialise it to read everything "
        "now.\n\n"
        "What the warehouse does not tell is unknown and never zero. Plotted: SKUs, levels, unknown levels "
        "and the age of the oldest."
    )


def channel_stock(name: str, warehouse: str) -> str:
    """About `[<channel>, "stock"]`."""
    return (
        f"What **{name}** is told that it may sell of **{warehouse}**: what is available in the buildings "
        "that can send in time, less units ordered anywhere and not yet in the warehouse, less the buffer. "
        "A sensor tells changed figures every minute, one import at a time; every line is read back.\n\n"
        "Plotted: figures told, applied, refused and ignored, seconds from computing to applied, units that "
        "the buffer holds back, offers at zero."
    )


CHECKS = {
    Check.UNKNOWN: (
        "Offers whose stock the warehouse does not tell; the marketplace keeps the figure that it shows. "
        "Owner: e-commerce. Create the SKU in the warehouse, remove its duplicate or correct the offer, as "
        "the column *why* says. Set offers that may be sold out to zero in the marketplace's back office."
    ),
    Check.REJECTED: (
        "Figures that the marketplace refused, in its own words. Owner: e-commerce. Create or reopen the "
        "offer or correct its SKU; the figure goes again with its next change and in the daily full push, "
        "or at once by the job `push_all_stock` of the channel."
    ),
    Check.IGNORED: (
        "Figures that the marketplace took without a word and does not show. Owner: e-commerce. Compare the "
        "offers in its back office; set by hand what it sells and is not there. Ask the operator when it "
        "goes on."
    ),
    Check.BRAKE: (
        "Pushes that are stopped before they empty or turn over the shop. Owner: operations. Compare some "
        "of the SKUs in the warehouse. If the figures are right, resolve the exception: the brake is "
        "released for half an hour. If not, mend the warehouse, and the push goes by itself."
    ),
    Check.STALE: (
        "The warehouse's stock was not read for too long. Owner: operations. Check whether the warehouse "
        "system answers (`integration-pipelines doctor`); the next read sets everything right by itself."
    ),
    Check.NEGATIVE: (
        "Levels below zero in the warehouse: more was promised or booked out than is there. Owner: "
        "operations. Recount the SKU and correct it in the warehouse; the shop shows zero until then."
    ),
    Check.UNREADABLE: (
        "Stock or offers that were told in a form that cannot be read; their figures are unknown. Owner: "
        "operations. Look at the named records in that system, or tell the engineers."
    ),
}

_EXCEPTION = {"exception": "number of the exception, for `retry_exception` and `resolve_exception`"}
_SHOWN = {"shown": "units that the marketplace showed when it was read last"}
_SINCE = {"since": "first seen"}

CHECK_COLUMNS: dict[Check, dict[str, str]] = {
    Check.UNKNOWN: {
        "sku": "as the offer has it",
        "why": "no_item: no such SKU in the warehouse; ambiguous: several; no_level: it tells no figure",
        **_SHOWN,
        "title": "of the offer",
        "owner": "the team whose queue it is in",
        **_SINCE,
        **_EXCEPTION,
    },
    Check.REJECTED: {
        "sku": "as it was sent",
        "words": "the marketplace's own",
        **_SHOWN,
        "owner": "the team whose queue it is in",
        **_SINCE,
        **_EXCEPTION,
    },
    Check.IGNORED: {
        "sku": "as it was sent",
        "told": "units that it was told",
        **_SHOWN,
        "read_at": "when it was read last",
        **_SINCE,
        **_EXCEPTION,
    },
    Check.BRAKE: {
        **_EXCEPTION,
        "kind": "mass_zero, sudden_jump, stale_snapshot or incomplete_read",
        "reason": "what stopped the push",
        "lines": "figures that the push would tell",
        "zeroed": "offers on sale that would go to zero",
        "rising": "figures that would rise",
        "falling": "figures that would fall",
        "on_sale": "offers on sale now",
        "severity": "notice, warning, urgent or breached",
        **_SINCE,
    },
    Check.STALE: {
        "warehouse": "its key in the channels file",
        "as_of": "for when its stock was last known",
        "complete_at": "when the last full read ended",
        "failing": "why the newest read failed, if it did",
    },
    Check.NEGATIVE: {
        "sku": "as the warehouse has it",
        "facility": "the warehouse's number of the building",
        "on_hand": "units there",
        "allocated": "units promised to orders",
        "available": "units left to sell",
        "since": "when the level last changed",
    },
    Check.UNREADABLE: {
        **_EXCEPTION,
        "subject": "the account concerned",
        "reason": "the records, and what is odd about them",
        "severity": "notice, warning, urgent or breached",
        **_SINCE,
    },
}

LEVEL_COLUMNS = {
    "sku": "as the warehouse has it",
    "facility": "the warehouse's number of the building",
    "on_hand": "units there",
    "allocated": "units promised to orders",
    "available": "units left to sell; empty is unknown",
    "infinite": "sold without counting",
    "kit": "computed from other items",
    "changed_at": "when we saw it change",
}

LINE_COLUMNS = {
    "sku": "as it was sent",
    "quantity": "units that the marketplace was told",
    "outcome": "applied, refused, ignored, or on its way",
    "words": "the marketplace's own, where it refused",
    "shown": "units that it showed when it was read last",
    "read_at": "when that was",
    "push": "number of the push",
    "sent_at": "when it was sent",
}
