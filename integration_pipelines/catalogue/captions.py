"""What the catalogue audit says in the Dagster UI: descriptions, and the columns of its tables.

Words only, for merchandisers; no figures, no Dagster.
"""

from integration_pipelines.catalogue.checks import Check


def warehouse_catalogue(name: str) -> str:
    """About `[<warehouse>, "sku_catalogue"]`."""
    return (
        f"Every item of **{name}** with its SKU and barcodes, read whole once a day before its channels are "
        "compared. Materialise it to read it now.\n\nPlotted: items, items that are gone, records that "
        "cannot be read."
    )


def channel_catalogue(name: str, warehouse: str) -> str:
    """About `[<channel>, "sku_catalogue"]`."""
    return (
        f"What **{name}** lists against the items of **{warehouse}**, SKU by SKU and exactly: blanks, case "
        "and leading zeros count. Near misses are only reported, never matched. What changed within the "
        "channel's grace is in flight and not reported. Audited once a day; materialise it to audit now.\n\n"
        "Plotted: SKUs of every class of drift. The whole list is in the CSV and XLSX files named below."
    )


CHECKS = {
    Check.DRIFT: (
        "SKUs that are not the same on both sides. Owner: mostly e-commerce, see the column *owner*. Work "
        "the classes from the top: offers without an item are sold and cannot be sent. The columns *other* "
        "and *why* name the closest SKU of the other side. An exception per class says until when; resolve "
        "it with a note where the differences are meant: these SKUs are left alone from then on, later ones "
        "open it again. The next audit sees what was mended."
    ),
    Check.UNREADABLE: (
        "Items that the warehouse told in a form that cannot be read. Owner: operations. Look at the named "
        "records in the warehouse, or tell the engineers; nothing is called missing because of them."
    ),
}

CHECK_COLUMNS = {
    Check.DRIFT: {
        "drift": "the class",
        "side": "where the SKU was found",
        "sku": "exactly as it is stored",
        "other": "the closest SKU of the other side",
        "why": "why that one, or what is known",
        "to_do": "what mends it",
        "owner": "the team whose queue it is in",
        "title": "of the offer or item",
        "barcodes": "as they are stored",
        "quantity": "units that the offer shows",
        "since": "first found in this class",
        "severity": "notice, warning, urgent or breached",
        "exception": "number of the exception, for `resolve_exception`",
    },
    Check.UNREADABLE: {
        "exception": "number of the exception, for `retry_exception` and `resolve_exception`",
        "subject": "what was read",
        "reason": "the records, and what is odd about them",
        "severity": "notice, warning, urgent or breached",
        "since": "first seen",
    },
}
