"""The ledger: what both sides said, what we decided, and what came of it, in one PostgreSQL.

It knows tables, locks and states, no vendor and no business rule. Everything that must survive a
crash is here: orders and lines with the raw answers, watermarks, intents, the timeline,
exceptions and call budgets.
"""

from integration_pipelines.ledger.store import Ledger, Session

__all__ = ["Ledger", "Session"]
