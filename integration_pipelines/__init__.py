"""Keeps Mirakl marketplaces and Veeqo or Deposco warehouses true to each other.

`docs/architecture.md` draws the house. A room per flow (`orders`, …), each with `observe`,
`decide`, `act` and `defs`; shared things live below them (`ledger`, `connectors`, `config`).
"""
