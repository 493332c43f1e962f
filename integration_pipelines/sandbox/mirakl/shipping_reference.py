"""How goods may travel: SH11 (zones), SH12 (types), SH21 (carriers), SH31 (logistic classes).

Read once a day by contract (mirakl.md §1.3). Carriers may change meanwhile: see `carriers.py`.
"""

from collections.abc import Callable
from typing import Any

from integration_pipelines.sandbox.mirakl.offers_read import LOGISTIC_CLASS, LOGISTIC_LABEL
from integration_pipelines.sandbox.mirakl.render import SHIPPING_TYPES
from integration_pipelines.sandbox.mirakl.routing import Call, Shop, route
from integration_pipelines.sandbox.people import COUNTRIES
from integration_pipelines.sandbox.wire import Answer, json_answer


def zones(shop: Shop) -> dict[str, Any]:
    """SH11."""
    country = shop.settings.country
    label = COUNTRIES[country].label if country in COUNTRIES else country
    return {"shipping_zones": [{"code": country[:2], "description": label, "label": label}]}


def types(shop: Shop) -> dict[str, Any]:
    """SH12."""
    mandatory = shop.settings.fulfilment.mandatory_tracking
    rows = [
        {
            "click_and_collect": False,
            "code": code,
            "delivery_by_operator": False,
            "description": f"{label} delivery",
            "label": label,
            "mandatory_tracking": code in mandatory,
            "standard_code": f"CPLG_{code}",
        }
        for code, label in SHIPPING_TYPES.items()
    ]
    return {"shipping_types": rows}


def carriers(shop: Shop) -> dict[str, Any]:
    """SH21, sorted by label."""
    rows = [
        {
            "code": carrier.code,
            "label": carrier.label,
            "standard_code": carrier.standard_code,
            "tracking_url": carrier.tracking_url,
        }
        for carrier in sorted(shop.carriers.by_code.values(), key=lambda carrier: carrier.label)
    ]
    return {"carriers": rows}


def logistic_classes(shop: Shop) -> dict[str, Any]:
    """SH31."""
    row = {"code": LOGISTIC_CLASS, "description": LOGISTIC_LABEL, "label": LOGISTIC_LABEL}
    return {"logistic_classes": [row]}


def _read(tell: Callable[[Shop], dict[str, Any]]) -> Callable[[Shop, Call], Answer]:
    return lambda shop, call: json_answer(200, tell(shop))


ROUTES = (
    route("SH11", "GET", "/api/shipping/zones", _read(zones)),
    route("SH12", "GET", "/api/shipping/types", _read(types)),
    route("SH21", "GET", "/api/shipping/carriers", _read(carriers)),
    route("SH31", "GET", "/api/shipping/logistic_classes", _read(logistic_classes)),
)
