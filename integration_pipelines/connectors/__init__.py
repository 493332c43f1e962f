"""The doors to other systems: one HTTP transport, call budgets, and a client per vendor.

Nothing here knows a flow or the ledger. `http.py` is the only module that imports httpx, so
retries, redaction and call counting cannot be bypassed.
"""
