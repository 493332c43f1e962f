"""The neutral words for a marketplace: states of orders, parcels, returns and refunds (Mirakl §2.4 to §7).

Fields that hold a state stay open text: a state that is not listed here is kept and shown to a person.
"""

from enum import StrEnum


class OrderState(StrEnum):
    """States of an order (Mirakl §2.4)."""

    STAGING = "STAGING"
    WAITING_ACCEPTANCE = "WAITING_ACCEPTANCE"
    WAITING_DEBIT = "WAITING_DEBIT"
    WAITING_DEBIT_PAYMENT = "WAITING_DEBIT_PAYMENT"
    SHIPPING = "SHIPPING"
    SHIPPED = "SHIPPED"
    TO_COLLECT = "TO_COLLECT"
    RECEIVED = "RECEIVED"
    CLOSED = "CLOSED"
    REFUSED = "REFUSED"
    CANCELED = "CANCELED"


class LineState(StrEnum):
    """States of an order line: those of an order, and those that only lines have."""

    STAGING = "STAGING"
    WAITING_ACCEPTANCE = "WAITING_ACCEPTANCE"
    WAITING_DEBIT = "WAITING_DEBIT"
    WAITING_DEBIT_PAYMENT = "WAITING_DEBIT_PAYMENT"
    SHIPPING = "SHIPPING"
    SHIPPED = "SHIPPED"
    TO_COLLECT = "TO_COLLECT"
    RECEIVED = "RECEIVED"
    CLOSED = "CLOSED"
    REFUSED = "REFUSED"
    CANCELED = "CANCELED"
    INCIDENT_OPEN = "INCIDENT_OPEN"
    INCIDENT_CLOSED = "INCIDENT_CLOSED"
    REFUNDED = "REFUNDED"
    WAITING_REFUND = "WAITING_REFUND"
    WAITING_REFUND_PAYMENT = "WAITING_REFUND_PAYMENT"


class ShipmentState(StrEnum):
    """States of a parcel (Mirakl §3). SHIPMENT_PREPARED waits for the customer's debit."""

    SHIPPING = "SHIPPING"
    READY_FOR_PICK_UP = "READY_FOR_PICK_UP"
    SHIPMENT_PREPARED = "SHIPMENT_PREPARED"
    SHIPPED = "SHIPPED"
    TO_COLLECT = "TO_COLLECT"
    RECEIVED = "RECEIVED"
    CLOSED = "CLOSED"
    CANCELED = "CANCELED"


class ReturnState(StrEnum):
    """States of a customer's return (Mirakl §7). None of them says anything about money."""

    WAITING_ACCEPTANCE = "WAITING_ACCEPTANCE"
    IN_PROGRESS = "IN_PROGRESS"
    REFUSED = "REFUSED"
    RECEIVED = "RECEIVED"
    NO_RECEPTION = "NO_RECEPTION"
    CLOSED = "CLOSED"
    CANCELED = "CANCELED"


class RefundState(StrEnum):
    """States of a refund (Mirakl §2.9); the money is with the customer in the last one."""

    WAITING_REFUND_TAX_CONFIRMATION = "WAITING_REFUND_TAX_CONFIRMATION"
    WAITING_REFUND = "WAITING_REFUND"
    WAITING_REFUND_PAYMENT = "WAITING_REFUND_PAYMENT"
    REFUNDED = "REFUNDED"


# In the order in which an order goes on; ended orders have left it.
ADVANCING = (
    OrderState.STAGING,
    OrderState.WAITING_ACCEPTANCE,
    OrderState.WAITING_DEBIT,
    OrderState.WAITING_DEBIT_PAYMENT,
    OrderState.SHIPPING,
    OrderState.SHIPPED,
    OrderState.TO_COLLECT,
    OrderState.RECEIVED,
    OrderState.CLOSED,
)
ENDED = frozenset({OrderState.REFUSED, OrderState.CANCELED})
UNDECIDED = frozenset({OrderState.STAGING, OrderState.WAITING_ACCEPTANCE})
ACCEPTED = frozenset(ADVANCING) - UNDECIDED
