"""One marketplace operator's instance, as its shop sees it, written from the vendor's contract alone.

`account.py` is the door (key, shop, call frequencies, routes). One module per family of operations
holds its route table: `orders_read`, `orders_write`, `orders_money`, `orders_ship`, `shipments_read`,
`shipments_write`, `returns_read`, `returns_write`, `reference`, `shipping_reference`, `stock_write`,
`offers_export`, `offers_read`. `life.py` moves orders along until they are released, `dispatch.py` from there
to their end, `return_life.py` and `refunds.py` back again; `book.py` keeps orders, `render.py` prints them;
`offer_book.py` keeps the offers, `stock_imports.py` and `export_queue.py` what is done with them later.
"""

from integration_pipelines.sandbox.mirakl.account import MarketplaceAccount
from integration_pipelines.sandbox.mirakl.order import Fate, Shape

__all__ = ["Fate", "MarketplaceAccount", "Shape"]
