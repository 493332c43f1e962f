"""A stateful Veeqo account with its warehouse staff, written from the vendor's contract alone.

`account.py` is the door (key, quota, routing, staff's acts, truth); one module per family of
resources holds a route table; `company.py` holds what the account knows.
"""

from integration_pipelines.sandbox.veeqo.account import VeeqoAccount
from integration_pipelines.sandbox.veeqo.settings import StaffPace, VeeqoSettings

__all__ = ["StaffPace", "VeeqoAccount", "VeeqoSettings"]
