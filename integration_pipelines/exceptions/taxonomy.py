"""Every kind of exception: what it means in plain words, who owns it, what to do."""

from dataclasses import dataclass
from enum import StrEnum


class Owner(StrEnum):
    """The team whose queue it lands in."""

    OPERATIONS = "operations"
    ECOMMERCE = "ecommerce"
    CUSTOMER_SERVICE = "cx"
    FINANCE = "finance"


class Code(StrEnum):
    """The stable name of a kind of exception."""

    UNACKNOWLEDGED_ORDER = "unacknowledged_order"
    UNKNOWN_SKU = "unknown_sku"
    AMBIGUOUS_SKU = "ambiguous_sku"
    SHORT_STOCK = "short_stock"
    PRICE_DROP = "price_drop"
    UNREADABLE_ORDER = "unreadable_order"
    INVALID_ORDER = "invalid_order"
    UNKNOWN_ORDER_STATE = "unknown_order_state"
    ACCEPTANCE_REFUSED = "acceptance_refused"
    ACCEPTED_NOT_IN_WAREHOUSE = "accepted_not_in_warehouse"
    WAREHOUSE_REFUSED = "warehouse_refused"
    INCOMPLETE_ADDRESS = "incomplete_address"
    DEBIT_OVERDUE = "debit_overdue"
    CANCELLED_TOO_LATE = "cancelled_too_late"
    CANCELLED_IN_WAREHOUSE = "cancelled_in_warehouse"
    CHANGED_IN_WAREHOUSE = "changed_in_warehouse"
    SHIPPED_ELSEWHERE = "shipped_elsewhere"
    DUPLICATE_WAREHOUSE_ORDER = "duplicate_warehouse_order"
    TOTAL_MISMATCH = "total_mismatch"
    HELD_IN_WAREHOUSE = "held_in_warehouse"
    BACK_ORDERED = "back_ordered"
    QUEUE_TOO_OLD = "queue_too_old"
    UNREADABLE_WAREHOUSE_ORDER = "unreadable_warehouse_order"
    STOCK_UNKNOWN = "stock_unknown"
    STOCK_REJECTED = "stock_rejected"
    STOCK_IGNORED = "stock_ignored"
    STOCK_BRAKED = "stock_braked"
    STOCK_STALE = "stock_stale"
    STOCK_NOT_READ = "stock_not_read"
    UNREADABLE_STOCK = "unreadable_stock"
    UNMAPPED_CARRIER = "unmapped_carrier"
    CARRIER_GONE = "carrier_gone"
    TRACKING_MISSING = "tracking_missing"
    TRACKING_NOT_SHOWN = "tracking_not_shown"
    DISPATCH_REFUSED = "dispatch_refused"
    DISPATCH_NOT_CONFIRMED = "dispatch_not_confirmed"
    DISPATCH_LATE = "dispatch_late"
    DISPATCH_WITHDRAWN = "dispatch_withdrawn"
    UNMATCHED_PARCEL = "unmatched_parcel"
    UNKNOWN_PARCEL_STATE = "unknown_parcel_state"
    NOT_DISPATCHED = "not_dispatched"
    UNREADABLE_PARCEL = "unreadable_parcel"
    UNAUTHORISED_RETURN = "unauthorised_return"
    RETURN_WITHOUT_ORDER = "return_without_order"
    RETURN_MISMATCH = "return_mismatch"
    RETURN_DAMAGED = "return_damaged"
    RETURNLESS_HELD = "returnless_held"
    RETURN_OVERDUE = "return_overdue"
    RETURN_NOT_ANNOUNCED = "return_not_announced"
    RETURN_NOT_RECALLED = "return_not_recalled"
    RETURN_NOT_REPORTED = "return_not_reported"
    REFUND_WITHOUT_RETURN = "refund_without_return"
    REFUND_ABOVE_LEFT = "refund_above_left"
    REFUND_REFUSED = "refund_refused"
    REFUND_UNCONFIRMED = "refund_unconfirmed"
    UNKNOWN_RETURN_STATE = "unknown_return_state"
    UNREADABLE_RETURN = "unreadable_return"
    OFFER_WITHOUT_ITEM = "offer_without_item"
    SKU_MISSPELT = "sku_misspelt"
    BARCODE_MISMATCH = "barcode_mismatch"
    SKU_DUPLICATE = "sku_duplicate"
    OFFER_NOT_LIVE = "offer_not_live"
    SKU_MISSING = "sku_missing"
    UNREADABLE_ITEM = "unreadable_item"
    ACCOUNT_UNREACHABLE = "account_unreachable"
    INTEGRATION_FAULT = "integration_fault"


@dataclass(frozen=True, slots=True)
class Kind:
    """How to read and work one kind of exception."""

    owner: Owner
    meaning: str
    what_to_do: str


TAXONOMY: dict[Code, Kind] = {
    Code.UNACKNOWLEDGED_ORDER: Kind(
        Owner.ECOMMERCE,
        "An order is still waiting for our acceptance and its window is running out.",
        "Look at the last error in its timeline. When the warehouse cannot be reached, accept it in the "
        "marketplace's back office before the deadline.",
    ),
    Code.UNKNOWN_SKU: Kind(
        Owner.ECOMMERCE,
        "A line asks for a SKU that the warehouse does not have, compared exactly.",
        "Create the SKU in the warehouse, or correct the offer. The order goes on "
        "by itself once the SKU exists.",
    ),
    Code.AMBIGUOUS_SKU: Kind(
        Owner.ECOMMERCE,
        "The warehouse has more than one active item with this very SKU.",
        "Delete or rename the duplicate in the warehouse; the order goes on by itself.",
    ),
    Code.SHORT_STOCK: Kind(
        Owner.OPERATIONS,
        "The reservation could not be covered by stock.",
        "Bring stock in, or refuse the line on the marketplace before the deadline.",
    ),
    Code.PRICE_DROP: Kind(
        Owner.ECOMMERCE,
        "The marketplace sold a line well below the warehouse's price.",
        "Check the offer's price. Accept the order by `exceptions resolve`, or refuse it on the marketplace.",
    ),
    Code.UNREADABLE_ORDER: Kind(
        Owner.OPERATIONS,
        "The marketplace sent an order that cannot be read; its raw answer is kept.",
        "Look at the raw answer with `exceptions show`. It is read again with every change; ask the operator "
        "when it stays damaged.",
    ),
    Code.INVALID_ORDER: Kind(
        Owner.ECOMMERCE,
        "The order can be read but not fulfilled as it says: no lines, no SKU, no quantity.",
        "Ask the operator to correct or cancel it.",
    ),
    Code.UNKNOWN_ORDER_STATE: Kind(
        Owner.OPERATIONS,
        "The marketplace uses an order state that we do not know.",
        "Nothing is done until the state changes. Ask the operator what it means and tell the engineers.",
    ),
    Code.ACCEPTANCE_REFUSED: Kind(
        Owner.ECOMMERCE,
        "The marketplace refused our acceptance, in its own words.",
        "Accept or refuse the order in the marketplace's back office, or retry after mending the cause.",
    ),
    Code.ACCEPTED_NOT_IN_WAREHOUSE: Kind(
        Owner.OPERATIONS,
        "The marketplace holds us to this order, but the warehouse does not have it yet.",
        "Look at the last error in its timeline; it is tried again by itself.",
    ),
    Code.WAREHOUSE_REFUSED: Kind(
        Owner.OPERATIONS,
        "The warehouse refused what we asked, in its own words.",
        "Mend the cause in the warehouse, then `exceptions retry`.",
    ),
    Code.INCOMPLETE_ADDRESS: Kind(
        Owner.CUSTOMER_SERVICE,
        "The order is cleared for dispatch but its address cannot be used.",
        "Ask the customer or the operator for the missing part; corrections on the "
        "marketplace are read by themselves.",
    ),
    Code.DEBIT_OVERDUE: Kind(
        Owner.CUSTOMER_SERVICE,
        "We accepted long ago, the customer has not been debited, and stock is held for it.",
        "Ask the operator. The reservation is given back by itself when the order is cancelled.",
    ),
    Code.CANCELLED_TOO_LATE: Kind(
        Owner.OPERATIONS,
        "The marketplace cancelled an order that the floor has already packed or sent.",
        "Stop the parcel. If it has left, expect it back and tell customer service.",
    ),
    Code.CANCELLED_IN_WAREHOUSE: Kind(
        Owner.OPERATIONS,
        "The warehouse cancelled an order that the marketplace still expects.",
        "Reinstate it in the warehouse, or cancel it on the marketplace.",
    ),
    Code.CHANGED_IN_WAREHOUSE: Kind(
        Owner.OPERATIONS,
        "People in the warehouse changed an order so that it holds less than the marketplace expects.",
        "Put the missing units back on the warehouse order, or cancel the lines on the marketplace.",
    ),
    Code.SHIPPED_ELSEWHERE: Kind(
        Owner.OPERATIONS,
        "The marketplace says shipped or closed, the warehouse has not sent it.",
        "Find out who shipped it; cancel the warehouse order to give the stock back.",
    ),
    Code.DUPLICATE_WAREHOUSE_ORDER: Kind(
        Owner.OPERATIONS,
        "The warehouse has more than one live order for one marketplace order.",
        "Cancel all but one in the warehouse before the floor picks them.",
    ),
    Code.TOTAL_MISMATCH: Kind(
        Owner.FINANCE,
        "The warehouse order's total differs from the marketplace's by more than a cent.",
        "Check the store's currency and who changed the warehouse order; resolving releases it as it is.",
    ),
    Code.HELD_IN_WAREHOUSE: Kind(
        Owner.OPERATIONS,
        "People or the warehouse system keep an order on hold or in review, and the floor does not see it.",
        "Open it in the warehouse system, mend what it complains about and set it free; the exception closes "
        "by itself.",
    ),
    Code.BACK_ORDERED: Kind(
        Owner.OPERATIONS,
        "An order that is promised to the customer waits for goods in the warehouse.",
        "Bring the goods in, or cancel the line on the marketplace before the dispatch deadline.",
    ),
    Code.QUEUE_TOO_OLD: Kind(
        Owner.OPERATIONS,
        "Accepted orders wait for the warehouse longer than the channel allows.",
        "Check whether the warehouse system answers (`doctor`) and what the newest exceptions say. The queue "
        "drains by itself; when dispatch deadlines come near, enter the oldest orders by hand.",
    ),
    Code.UNREADABLE_WAREHOUSE_ORDER: Kind(
        Owner.OPERATIONS,
        "The warehouse sent an order that cannot be read; its raw answer is kept.",
        "Look at the raw answer with `exceptions show` and tell the engineers.",
    ),
    Code.STOCK_UNKNOWN: Kind(
        Owner.ECOMMERCE,
        "Offers whose stock the warehouse does not tell; the marketplace keeps the figure that it shows.",
        "Create the SKU in the warehouse, remove its duplicate or correct the offer's SKU, as the "
        "reason says. If the goods may be sold out, set the offer to zero in the marketplace's "
        "back office until then.",
    ),
    Code.STOCK_REJECTED: Kind(
        Owner.ECOMMERCE,
        "The marketplace refused stock figures of single offers, in its own words; the others were taken.",
        "Mend what the words complain about: create or reopen the offer, or correct its SKU. The "
        "figure is sent again with its next change and in the daily full push.",
    ),
    Code.STOCK_IGNORED: Kind(
        Owner.ECOMMERCE,
        "The marketplace took stock figures without a word of refusal, and still shows others.",
        "Compare the offers in the marketplace's back office; set them by hand where it sells "
        "what is not there. Ask the operator when it goes on.",
    ),
    Code.STOCK_BRAKED: Kind(
        Owner.OPERATIONS,
        "A push was stopped because it would change too much of the shop at once.",
        "Compare some of the SKUs in the warehouse. If the figures are right, `exceptions "
        "resolve` lets this push go; if not, mend the warehouse's figures, and the push goes by "
        "itself.",
    ),
    Code.STOCK_STALE: Kind(
        Owner.OPERATIONS,
        "The warehouse's stock was not read for too long; figures that rise wait, figures that "
        "fall are told.",
        "Check whether the warehouse system answers (`doctor`). The next read lets the push go by itself.",
    ),
    Code.STOCK_NOT_READ: Kind(
        Owner.OPERATIONS,
        "The warehouse's stock was never read to its end, or the newest full read brought too few "
        "SKUs; nothing is told.",
        "Look at the last error of the stock read. If the items are really gone from the "
        "warehouse, `exceptions resolve` lets the push go; the next full read is then measured "
        "against this one.",
    ),
    Code.UNREADABLE_STOCK: Kind(
        Owner.OPERATIONS,
        "Stock that a warehouse told, or offers that a marketplace told, cannot be read; the raw answers are "
        "kept.",
        "Look at the named records in that system and mend what is odd about them, or tell the engineers. "
        "Their figures are unknown until then: nothing is pushed for them.",
    ),
    Code.UNMAPPED_CARRIER: Kind(
        Owner.OPERATIONS,
        "Parcels left with a carrier whose name nobody has mapped for this marketplace; they cannot be told.",
        'Choose the code among the named candidates and say `exceptions map-carrier CHANNEL "NAME" '
        "CODE`; all that wait are told then.",
    ),
    Code.CARRIER_GONE: Kind(
        Owner.OPERATIONS,
        "A mapped carrier code is no longer in the marketplace's own list; parcels with it would be refused, "
        "so they wait.",
        "Ask the operator what became of it and map the carrier anew with `exceptions map-carrier`,"
        " or correct the channels file.",
    ),
    Code.TRACKING_MISSING: Kind(
        Owner.OPERATIONS,
        "A parcel left without a tracking number, and the marketplace takes no dispatch without one.",
        "Enter the number in the warehouse system; the dispatch is told by itself.",
    ),
    Code.TRACKING_NOT_SHOWN: Kind(
        Owner.OPERATIONS,
        "The marketplace took tracking details without an error and shows others.",
        "Compare the order in the marketplace's back office and enter the tracking there; check the"
        " carrier's code.",
    ),
    Code.DISPATCH_REFUSED: Kind(
        Owner.OPERATIONS,
        "The goods left the warehouse and the marketplace does not take the dispatch, in its own words.",
        "Mend what the words complain about, or confirm the dispatch in the marketplace's back "
        "office before the deadline; it is tried again every hour.",
    ),
    Code.DISPATCH_NOT_CONFIRMED: Kind(
        Owner.OPERATIONS,
        "The goods left the warehouse and the marketplace does not show it yet.",
        "Look at the last error in its timeline; it is tried again by itself. Confirm the dispatch "
        "in the marketplace's back office when the deadline is near.",
    ),
    Code.DISPATCH_LATE: Kind(
        Owner.OPERATIONS,
        "An order may not leave the warehouse before its dispatch deadline.",
        "Pick and send it first, or cancel on the marketplace what cannot be sent.",
    ),
    Code.DISPATCH_WITHDRAWN: Kind(
        Owner.OPERATIONS,
        "A parcel, or a part of it, was taken back in the warehouse after the marketplace was told that it "
        "left; nothing takes that back there.",
        "Send the goods soon: the new parcel's tracking takes the place of the old one. If they "
        "will not be sent, refund the customer.",
    ),
    Code.UNMATCHED_PARCEL: Kind(
        Owner.OPERATIONS,
        "More goods left the warehouse than the marketplace expects for this order.",
        "Check what was packed. If a line was cancelled meanwhile, expect the goods back or write them off.",
    ),
    Code.UNKNOWN_PARCEL_STATE: Kind(
        Owner.OPERATIONS,
        "The warehouse uses a parcel status that we do not know; the parcel is not told.",
        "Look at the parcel in the warehouse system and tell the engineers what the status means.",
    ),
    Code.NOT_DISPATCHED: Kind(
        Owner.OPERATIONS,
        "The marketplace counts the order as shipped, and the warehouse has not sent all of it.",
        "Find out who confirmed it. Send the goods, or cancel the warehouse order and refund the customer.",
    ),
    Code.UNREADABLE_PARCEL: Kind(
        Owner.OPERATIONS,
        "The warehouse told a parcel that cannot be read; its raw answer is kept.",
        "Look at the named records in the warehouse system and tell the engineers; confirm the "
        "dispatches by hand when their deadlines are near.",
    ),
    Code.UNAUTHORISED_RETURN: Kind(
        Owner.CUSTOMER_SERVICE,
        "Goods of a known order came back that no return on the marketplace covers. No money goes for them.",
        "Have the return opened or accepted on the marketplace; the refund then goes by itself. Otherwise "
        "agree with the customer what becomes of the goods.",
    ),
    Code.RETURN_WITHOUT_ORDER: Kind(
        Owner.OPERATIONS,
        "The returns desk holds goods that belong to no order we know.",
        "Look for a paper in the box and put the order's number on the return in the warehouse system; it is "
        "then matched by itself.",
    ),
    Code.RETURN_MISMATCH: Kind(
        Owner.CUSTOMER_SERVICE,
        "What came back is not what was announced: another SKU, more units or fewer.",
        "Compare the box with the return. What is missing or wrong is not refunded; settle it with the "
        "customer, or correct the count in the warehouse.",
    ),
    Code.RETURN_DAMAGED: Kind(
        Owner.CUSTOMER_SERVICE,
        "Units came back damaged, and the channel's rule keeps their money until a person has decided.",
        "Look at the goods. Refund what is due in the marketplace's back office, or refuse it there.",
    ),
    Code.RETURNLESS_HELD: Kind(
        Owner.CUSTOMER_SERVICE,
        "The customer keeps the goods, and the channel's rule keeps their money until a person has decided.",
        "Refund what is due in the marketplace's back office, or resolve it with a note. `returns: "
        "returnless` lets such refunds go by themselves.",
    ),
    Code.RETURN_OVERDUE: Kind(
        Owner.CUSTOMER_SERVICE,
        "Goods that were authorised to come back have not been received in time.",
        "Follow the return's tracking. Ask the customer, or close the return on the marketplace.",
    ),
    Code.RETURN_NOT_ANNOUNCED: Kind(
        Owner.OPERATIONS,
        "A return that the marketplace authorised could not be announced to the warehouse.",
        "Tell the returns desk by hand. Where the words name a cause, mend it and `exceptions retry`.",
    ),
    Code.RETURN_NOT_RECALLED: Kind(
        Owner.OPERATIONS,
        "The marketplace took a return back that the warehouse's desk still expects.",
        "Cancel the return at the desk, under the number that the words name; it then closes by itself.",
    ),
    Code.RETURN_NOT_REPORTED: Kind(
        Owner.CUSTOMER_SERVICE,
        "Goods are back and the marketplace does not take it that they are.",
        "Mark the return as received in the marketplace's back office, or mend what the words complain about "
        "and `exceptions retry`. The refund does not wait for it.",
    ),
    Code.REFUND_WITHOUT_RETURN: Kind(
        Owner.FINANCE,
        "Money went back for which no goods were received.",
        "Ask the operator or customer service why it was paid. Goods that come later close it by themselves; "
        "for goodwill, resolve it with a note.",
    ),
    Code.REFUND_ABOVE_LEFT: Kind(
        Owner.FINANCE,
        "More went back on a line than was left of it.",
        "Compare the line's refunds in the marketplace's back office and claim back what was too much.",
    ),
    Code.REFUND_REFUSED: Kind(
        Owner.CUSTOMER_SERVICE,
        "The goods are back and the refund could not be paid, in the marketplace's own words.",
        "Mend what the words complain about, then `exceptions retry`; or refund it in the back office, which "
        "is counted.",
    ),
    Code.REFUND_UNCONFIRMED: Kind(
        Owner.FINANCE,
        "The marketplace took a refund and its order does not show it.",
        "Look at the order in the marketplace's back office and ask the operator. It is never paid again by "
        "itself.",
    ),
    Code.UNKNOWN_RETURN_STATE: Kind(
        Owner.OPERATIONS,
        "A return or refund is in a state that we do not know; no money goes because of it.",
        "Look it up where it stands. A warehouse's own status can be named in `return_states`; tell the "
        "engineers.",
    ),
    Code.UNREADABLE_RETURN: Kind(
        Owner.OPERATIONS,
        "Returns that a marketplace or warehouse told cannot be read; the raw answers are kept.",
        "Look at the named records in that system, or tell the engineers. They release no money until then.",
    ),
    Code.OFFER_WITHOUT_ITEM: Kind(
        Owner.ECOMMERCE,
        "Offers can be bought, and the warehouse has no item to send: none with exactly this SKU, or one "
        "that is switched off.",
        "Close the offers of the list in the marketplace's back office, or create or switch on the items.",
    ),
    Code.SKU_MISSPELT: Kind(
        Owner.ECOMMERCE,
        "SKUs of offers and items differ only by case, blanks, leading zeros or separators, so they are "
        "different SKUs.",
        "Make both sides spell each SKU of the list the same. Where the barcodes differ they may be two "
        "products: look before you rename.",
    ),
    Code.BARCODE_MISMATCH: Kind(
        Owner.ECOMMERCE,
        "The two sides have the same barcode under different SKUs, or two barcodes swapped.",
        "Scan the goods to see which side is right, then correct the SKU or the barcode on the other one.",
    ),
    Code.SKU_DUPLICATE: Kind(
        Owner.OPERATIONS,
        "Several active items or offers have the very same SKU.",
        "Delete or rename all but one; orders and stock of the SKU go on by themselves then.",
    ),
    Code.OFFER_NOT_LIVE: Kind(
        Owner.ECOMMERCE,
        "Items could be sold, and the marketplace keeps their offers inactive though they have units.",
        "Look up the reason in the marketplace's back office. Resolve it with a note if it is meant.",
    ),
    Code.SKU_MISSING: Kind(
        Owner.ECOMMERCE,
        "SKUs that one side knows and the other does not, without anything being sold wrongly.",
        "Create what is missing, or delete what is left over. Resolve it with a note if it is meant.",
    ),
    Code.UNREADABLE_ITEM: Kind(
        Owner.OPERATIONS,
        "Items that a warehouse told cannot be read; the raw answers are kept.",
        "Look at the named records in the warehouse and mend what is odd about them, or tell the engineers. "
        "The audit of SKUs takes nothing for missing because of them.",
    ),
    Code.ACCOUNT_UNREACHABLE: Kind(
        Owner.OPERATIONS,
        "A marketplace or warehouse account gives no usable answer.",
        "Check its status page and, for 401 or 403, the API key; `doctor` tests both.",
    ),
    Code.INTEGRATION_FAULT: Kind(
        Owner.OPERATIONS,
        "The integration's own code fails on this order; the others go on.",
        "Handle the order in the back offices if its deadline is near, and send the log to the engineers.",
    ),
}
