"""The `catalogue` block of a channel: whether, when and how patiently its SKUs are compared.

What counts as drift is not configuration: SKUs compare exactly (F33). See `catalogue/decide.py`.
"""

from datetime import time, timedelta

from pydantic import Field

from integration_pipelines.config.frozen import Frozen


class CataloguePolicy(Frozen):
    """What a channel says about the audit of its SKUs.

    Attributes:
        enabled: False, the default, compares nothing.
        audit_at: when, once a day, in the marketplace's time zone. Channels of one warehouse are audited
            together, at the earliest of their times.
        grace_hours: what was created, changed or taken away so lately on either side is in flight and not
            reported.
        barcodes: read offers page by page for their barcodes, which exports do not tell (OF21, Mirakl §5.4).
            An offer's product never changes, so each is read once.
        folder: where the lists are written, as CSV and XLSX; relative to where the process runs.
    """

    enabled: bool = False
    audit_at: time = time(5, 0)
    grace_hours: float = Field(default=24, ge=0, le=24 * 30)
    barcodes: bool = True
    folder: str = Field(default="reports", min_length=1)

    @property
    def grace(self) -> timedelta:
        return timedelta(hours=self.grace_hours)
