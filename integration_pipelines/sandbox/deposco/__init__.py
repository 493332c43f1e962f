"""A stateful Deposco tenant with its warehouse people, written from the vendor's contract alone.

`tenant.py` is the door; `v1/` and `v2/` are the two API generations over the same records (`house.py`,
`records.py`); `lifecycle.py` is what writes do to an order, `staff.py` what people do to it on the clock.
"""

from integration_pipelines.sandbox.deposco.settings import (
    DeposcoSettings,
    FacilitySettings,
    FloorPace,
    Manners,
)
from integration_pipelines.sandbox.deposco.tenant import DeposcoTenant

__all__ = ["DeposcoSettings", "DeposcoTenant", "FacilitySettings", "FloorPace", "Manners"]
