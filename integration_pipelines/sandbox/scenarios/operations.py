"""What each warehouse system calls the steps of an order and reads of stock, for faults that hit them.

Clients choose between several ways, above all at Deposco: all of them are named.
"""

from collections.abc import Mapping

CREATE: Mapping[str, tuple[str, ...]] = {
    "veeqo": ("POST /orders",),
    "deposco": (
        "V2 POST /orders/salesOrders",
        "V2 POST /orders/customerOrders",
        "V2 POST /async/bulkImports",
        "V1 POST /orders",
        "V1 POST /orders/updates",
        "V1 PUT /orders/*",
        "V1 POST /bulk",
    ),
}
# What follows the creation: the release at Veeqo; at Deposco a status, or the order read back by its id.
LATER: Mapping[str, tuple[str, ...]] = {
    "veeqo": ("PUT /orders/{}",),
    "deposco": (
        "V2 GET /orders/salesOrders/{}",
        "V2 GET /orders/salesOrders/{}/orderLines",
        "V2 POST /orders/salesOrders/{}/status",
        "V1 GET /orders/*",
        "V1 POST /orders/statusUpdates",
        "V1 POST /orders/*/*",
    ),
}
# Reads of stock: at Veeqo with the products, at Deposco one of two reports.
STOCK: Mapping[str, tuple[str, ...]] = {
    "veeqo": ("GET /products",),
    "deposco": ("V1 GET /inventory/full", "V1 GET /enterpriseinventory/*"),
}
