"""Buyers, channels, delivery methods and tags as the account shows them (contract 5.4, 6, 8, 9)."""

from integration_pipelines.sandbox.veeqo.company import API_USER, COMPANY_ID, Company
from integration_pipelines.sandbox.veeqo.goods_json import warehouse_summary
from integration_pipelines.sandbox.veeqo.records import (
    ADDRESS_FIELDS,
    Address,
    Channel,
    Customer,
    DeliveryMethod,
    Tag,
)
from integration_pipelines.sandbox.veeqo.web import Json, stamp


def customer_json(customer: Customer) -> Json:
    """No timestamps, as recorded; `discount` is a text."""
    latest = customer.shipping[-1] if customer.shipping else None
    return {
        "id": customer.id,
        "email": customer.email,
        "phone": customer.phone,
        "mobile": customer.mobile,
        "notes": customer.notes,
        "customer_type": customer.customer_type,
        "company_name": customer.billing.fields["company"] if customer.billing else None,
        "full_name": customer.full_name,
        "currency": None,
        "payment_terms": None,
        "discount": "0.0",
        "price_list_id": None,
        "remote_id": None,
        "delivery_method_id": None,
        "created_by_id": API_USER["id"],
        "billing_address": address_json(customer.billing),
        "shipping_addresses": [address_json(address) for address in customer.shipping],
        "last_used_shipping_address": address_json(latest),
        "contact_data": {"email": customer.email, "phone": customer.phone},
    }


def address_json(address: Address | None) -> Json | None:
    if address is None:
        return None
    complete = address.deliverable
    return {
        "id": address.id,
        "short_name": None,
        **{name: address.fields.get(name) for name in ADDRESS_FIELDS},
        "tax_id": None,
        "is_default": False,
        "validated": None,
        "residential": None,
        "validation_message": None if complete else "Order must have a destination address.",
        "verified": False,
        "location_found": complete,
    }


def tag_json(tag: Tag, taggings: int = 0) -> Json:
    return {
        "id": tag.id,
        "name": tag.name,
        "colour": tag.colour,
        "company_id": COMPANY_ID,
        "taggings_count": taggings,
        "deleted_at": stamp(tag.deleted_at),
    }


def delivery_method_json(method: DeliveryMethod) -> Json:
    """`cost` is a text here, though a number inside an order."""
    return {
        "id": method.id,
        "name": method.name,
        "cost": str(method.cost),
        "user_id": API_USER["id"],
        "created_at": stamp(method.created_at),
        "updated_at": stamp(method.created_at),
        "deleted_at": stamp(method.deleted_at),
    }


def channel_json(company: Company, channel: Channel) -> Json:
    warehouse = warehouse_summary(company, channel.default_warehouse_id)
    return {
        "id": channel.id,
        "type_code": channel.type_code,
        "name": channel.name,
        "short_name": channel.short_name,
        "currency_code": channel.currency_code,
        "state": "active",
        "remote": channel.type_code not in ("direct", "retail"),
        "created_at": stamp(channel.created_at),
        "updated_at": stamp(channel.created_at),
        "deleted_at": stamp(channel.deleted_at),
        "default_warehouse": warehouse,
        "warehouses": [warehouse],
        "channel_warehouses": [{"id": channel.id * 10, "active": True, "rank": 1, "warehouse": warehouse}],
        "update_remote_order": None,
        "default_send_shipment_email": False,
        "send_notification_emails_to_customers": False,
        "veeqo_dictates_stock_level": True,
        "percent_of_qty": None,
        "min_threshold_qty": None,
        "max_qty_to_advert": None,
        "always_set_qty": None,
    }
