"""The neutral words for a marketplace: the states of its orders and lines (Mirakl contract §2.4).

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
