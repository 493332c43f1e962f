"""Orders as the account shows them, with recorded nulls, odd types and missing keys (contract 5.4, 10, 11.2).

Rendering is cached by revision: a page of unchanged orders is joined from bytes made earlier.
"""

from integration_pipelines.sandbox.veeqo.account_json import (
    address_json,
    channel_json,
    customer_json,
    tag_json,
)
from integration_pipelines.sandbox.veeqo.company import API_USER, Company
from integration_pipelines.sandbox.veeqo.goods_json import sellable_json, warehouse_summary
from integration_pipelines.sandbox.veeqo.order_records import Allocation, Line, Note, Order, Payment, Shipment
from integration_pipelines.sandbox.veeqo.web import Json, number, render, stamp


def order_bytes(company: Company, order: Order) -> bytes:
    """The full order, from the cache unless it or what it embeds changed (stock levels move under it)."""
    embedded = order.customer.revision + company.reference_revision
    embedded += sum(line.sellable.revision for line in order.lines)
    state = (order.revision, embedded)  # apart: a change of lines may lower the sum of what is embedded
    if order.rendered is None or order.rendered[0] != state:
        order.rendered = (state, render(_order(company, order)))
    return order.rendered[1]


def _order(company: Company, order: Order) -> Json:
    return {
        "id": order.id,
        "number": order.number,
        "sales_record_number": order.number,
        "status": order.status,
        **_times(order),
        **_amounts(company, order),
        **_flags(order),
        **_embedded(company, order),
        # Newest first: the order of lines is not the order of the request.
        "line_items": [_line(company, line) for line in reversed(order.lines)],
        "allocations": [_allocation(company, order, held) for held in order.allocations],
        "returns": returns_json(company, order),
        "tags": [tag_json(company.tags[tag_id]) for tag_id in order.tag_ids if tag_id in company.tags],
        "employee_notes": [note_json(order, note) for note in order.employee_notes],
        "created_by": API_USER,
        "updated_by": API_USER,
    }


def _times(order: Order) -> Json:
    return {
        "created_at": stamp(order.created_at),
        "updated_at": stamp(order.updated_at),
        "shipped_at": stamp(order.shipped_at),
        "cancelled_at": stamp(order.cancelled_at),
        "dispatch_date": None,
        "due_date": stamp(order.due_date),
    }


def _amounts(company: Company, order: Order) -> Json:
    return {
        "subtotal_price": number(order.subtotal),
        "total_price": number(order.total),
        "total_tax": number(order.total_tax),
        "total_discounts": number(order.total_discounts),
        "total_fees": 0,
        "delivery_cost": number(order.delivery_cost),
        "shipping_discount": 0,
        "adjustment_amount": 0,
        "refund_amount": 0,
        "additional_order_level_taxless_discount": number(order.order_discount),
        "additional_order_level_taxless_discount_percentage": None,
        "currency_code": company.channels[order.channel_id].currency_code,
    }


def _flags(order: Order) -> Json:
    return {
        "cancel_reason": order.cancel_reason,
        "cancelled_by": API_USER if order.cancelled_at else None,
        "receipt_printed": False,
        "send_notification_email": order.send_notification_email,
        "restock_shipped_items": False,
        "allocated_completely": order.allocated_completely,
        "picked_completely": order.picked,
        "picked_status": "picked" if order.picked else "unpicked",
        # True even while unpaid: allocation alone decides it.
        "can_be_shipped": order.allocated_completely and not order.shipped and not order.cancelled_at,
        "fulfilled_by_amazon": False,
        "is_amazon_prime": False,
        "is_amazon_premium_order": False,
        "fulfillment_channel_order": None,
        "merged_order": order.merged_order,
        "merged_to_id": order.merged_to_id,
        "mergeable_id": None,
        "mergable_checksum": None,
    }


def _embedded(company: Company, order: Order) -> Json:
    method = company.delivery_methods.get(order.delivery_method_id or 0)
    return {
        "channel": channel_json(company, company.channels[order.channel_id]),
        "customer": customer_json(order.customer),
        "deliver_to": address_json(order.deliver_to),
        "billing_address": address_json(order.customer.billing),
        "customer_note": note_json(order, order.customer_note) if order.customer_note else None,
        "payment": payment_json(order.payment) if order.payment else None,
        # A number here, a text in `/delivery_methods`.
        "delivery_method": {"id": method.id, "name": method.name, "cost": number(method.cost)}
        if method
        else None,
    }


def _line(company: Company, line: Line) -> Json:
    """No `sellable_id` at this level, and `additional_options` is null whatever was sent."""
    return {
        "id": line.id,
        "quantity": line.quantity,
        "price_per_unit": number(line.price_per_unit),
        "tax_rate": number(line.tax_rate),
        "taxless_discount_per_unit": number(line.taxless_discount_per_unit),
        "additional_options": None,
        "title": line.sellable.title,
        "remote_id": None,
        "created_at": stamp(line.created_at),
        "updated_at": stamp(line.created_at),
        "sellable": sellable_json(company, line.sellable),
    }


def _allocation(company: Company, order: Order, allocation: Allocation) -> Json:
    return {
        "id": allocation.id,
        "order_id": order.id,
        "created_at": stamp(allocation.created_at),
        "updated_at": stamp(allocation.updated_at),
        "allocated_by_id": None,
        "total_weight": 0.0,
        "weight_unit": "g",
        "due_date": stamp(order.due_date),
        "dispatch_date": None,
        "remote_id": None,
        "packed_completely": None,
        "preferred_shipment_date": None,
        "warehouse": warehouse_summary(company, allocation.warehouse_id),
        "allocation_package": None,
        "line_items": [
            {
                "id": held.id,
                "quantity": held.quantity,
                "picked_quantity": held.picked,
                "created_at": stamp(allocation.created_at),
                "updated_at": stamp(allocation.updated_at),
                "warehouse_sublocation": held.sellable.entries[allocation.warehouse_id].location,
                "sellable_id": None,
                "sellable": {
                    "id": held.sellable.id,
                    "type": "ProductVariant",
                    "sku_code": held.sellable.sku,
                    "upc_code": held.sellable.barcode,
                    "title": held.sellable.title,
                },
            }
            for held in allocation.lines
        ],
        "shipment": shipment_json(order, allocation, allocation.shipment) if allocation.shipment else None,
    }


def shipment_json(order: Order, allocation: Allocation, shipment: Shipment) -> Json:
    """No `shipped_at`; the tracking number is an object, a text or null."""
    return {
        "id": shipment.id,
        "order_id": order.id,
        "allocation_id": allocation.id,
        "carrier_id": shipment.carrier_id,
        "created_at": stamp(shipment.created_at),
        "updated_at": stamp(shipment.updated_at),
        "tracking_number": shipment.tracking,
        "tracking_url": shipment.tracking_url,
        "carrier": {
            "id": shipment.carrier_id,
            "name": shipment.carrier_name,
            "slug": shipment.carrier_name.lower().replace(" ", "_"),
            "provider_type": "default",
        },
        "service_carrier_name": shipment.service_carrier_name,
        "sub_carrier_id": shipment.sub_carrier_id,
        "service_name": shipment.service_name,
        "short_service_name": None,
        "service_type": None,
        "label_url": None,
        "commercial_invoice_url": None,
        "aftership_url": None,
        "charges": None,
        "outbound_label_charges": {"unit": "GBP", "value": 0},
        "insured_value": None,
        "weight": None,
        "packaging_type": None,
        "shipped_by": None,
        "shipped_by_id": None,
        "notify_customer": shipment.notify_customer,
        "update_remote_order": shipment.update_remote_order,
        "has_return_label": False,
        "outbound_shipment_date": None,
    }


def returns_json(company: Company, order: Order) -> list[Json]:
    """Without any `updated_at`, in the list of the order as in its own (contract 12)."""
    return [
        {
            "id": back.id,
            "number": back.number,
            "status": back.status,
            "type": back.type,
            "reason": back.reason,
            "created_at": stamp(back.created_at),
            "warehouse_name": company.warehouses[back.warehouse_id].name,
            "user": {"id": 9, "name": "Desk", "email": "desk@example.com"},
            "line_items": [
                {
                    "id": line.id,
                    "title": line.sellable.title,
                    "sku_code": line.sellable.sku,
                    "sellable_id": line.sellable.id,
                    "quantity": line.quantity,
                    "received_quantity": line.received,
                    "refund_quantity": line.refunded,
                    "refund_amount": number(line.price * line.refunded),
                    "refund_amount_per_unit": number(line.price),
                }
                for line in back.lines
            ],
        }
        for back in order.returns
    ]


def payment_json(payment: Payment) -> Json:
    return {
        "id": payment.id,
        "payment_type": payment.payment_type,
        "reference_number": payment.reference_number,
        "created_at": stamp(payment.created_at),
        "updated_at": stamp(payment.created_at),
    }


def note_json(order: Order, note: Note) -> Json:
    return {
        "id": note.id,
        "text": note.text,
        "order_id": order.id,
        "created_at": stamp(note.created_at),
        "created_by": API_USER,
    }
