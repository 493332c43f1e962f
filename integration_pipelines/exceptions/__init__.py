"""What needs a person: the taxonomy, and the one way to open and close an exception."""

from integration_pipelines.exceptions.findings import Finding, Severity
from integration_pipelines.exceptions.settle import is_open, settle, settle_many
from integration_pipelines.exceptions.taxonomy import TAXONOMY, Code, Owner

__all__ = ["TAXONOMY", "Code", "Finding", "Owner", "Severity", "is_open", "settle", "settle_many"]
