"""One marketplace operator's instance, as its shop sees it, written from the vendor's contract alone.

`account.py` is the door (key, shop, call frequencies, routes). One module per family of operations
holds its route table: `orders_read`, `orders_write`, `orders_money`, `reference`, `stock_write`,
`offers_export`, `offers_read`. `life.py` moves orders along, `book.py` keeps them, `render.py` prints them;
`offer_book.py` keeps the offers, `stock_imports.py` and `export_queue.py` what is done with them later.
"""

from integration_pipelines.sandbox.mirakl.account import MarketplaceAccount
from integration_pipelines.sandbox.mirakl.order import Fate, Shape

__all__ = ["Fate", "MarketplaceAccount", "Shape"]
