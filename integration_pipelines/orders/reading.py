"""What this flow reads of Mirakl's order object, and nothing more.

The whole object is `connectors.mirakl.payloads.Order`; here are the same names and field types for the
fields that are stored in columns. Damage in a field that nobody reads must not stop an order, and
reading a backlog costs a quarter of what the whole object costs. The raw answer is kept anyway.
"""

from typing import Annotated

from pydantic import ConfigDict

from integration_pipelines.connectors.values import (
    LISTED,
    REQUIRED_LIST,
    Id,
    OptionalAmount,
    OptionalId,
    OptionalMoment,
    OptionalUnits,
    Payload,
    Text,
)


class _Read(Payload):
    model_config = ConfigDict(extra="ignore")


class ReadAddress(_Read):
    """Where to ship; `country` is a label or a code, `country_iso_code` alpha-3 or empty."""

    firstname: Text = ""
    lastname: Text = ""
    company: Text = ""
    company_2: Text = ""
    street_1: Text = ""
    street_2: Text = ""
    zip_code: Text = ""
    city: Text = ""
    state: Text = ""
    country: Text = ""
    country_iso_code: Text = ""
    phone: Text = ""
    phone_secondary: Text = ""
    additional_info: Text = ""


class ReadCustomer(_Read):
    """The buyer; the address is null until the order is SHIPPING."""

    customer_id: OptionalId = None
    firstname: Text = ""
    lastname: Text = ""
    shipping_address: ReadAddress | None = None


class ReadCancelation(_Read):
    """Units of a line that were cancelled."""

    quantity: OptionalUnits = None


class ReadLine(_Read):
    """A line; `price` and `shipping_price` are line totals, `price_unit` is per unit."""

    order_line_id: Id
    order_line_state: Text = ""
    offer_sku: Text = ""
    quantity: OptionalUnits = None
    price_unit: OptionalAmount = None
    price: OptionalAmount = None
    shipping_price: OptionalAmount = None
    cancelations: Annotated[tuple[ReadCancelation, ...], LISTED] = ()


class ReadOrder(_Read):
    """A logistic order; times are UTC, amounts major units of `currency_iso_code`."""

    order_id: Id
    order_state: Id
    order_lines: Annotated[tuple[ReadLine, ...], REQUIRED_LIST]
    created_date: OptionalMoment = None
    last_updated_date: OptionalMoment = None
    shipping_deadline: OptionalMoment = None
    currency_iso_code: OptionalId = None
    shipping_price: OptionalAmount = None
    total_price: OptionalAmount = None
    customer_notification_email: Text = ""
    customer: ReadCustomer | None = None
