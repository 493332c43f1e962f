"""The channels of the demo: the sandbox's own accounts, written as a channels file.

The sandbox lists its accounts under `/control/accounts`, as an outside client would find them. The
file is written for people to read and for the code to read back: the demo takes the same way as a
real start.
"""

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML

# What the sandbox's warehouses call their carriers, and the codes of its marketplaces.
_CARRIERS = {"DPD": "DPDUK", "UPS": "UPS", "DHL": "dhl_germany", "Royal Mail": "RoyalMail"}
_UNREGISTERED = ("FedEx", "Other")
_REPORTS = ".local/reports"  # beside the demo's own data, where people start it
_HEADER = "# The sandbox's accounts, written anew by each start of the demo. Its keys are invented.\n"


def demo_channels(
    accounts: Sequence[Mapping[str, Any]], address: str
) -> tuple[dict[str, Any], dict[str, str]]:
    """A channels file for the sandbox, and the API keys by variable.

    Args:
        accounts: the answer of `GET /control/accounts`.
        address: where the sandbox is served, such as `http://127.0.0.1:8765`.
    """
    document: dict[str, Any] = {"marketplaces": {}, "warehouses": {}, "channels": {}}
    keys: dict[str, str] = {}
    address = address.rstrip("/")
    for account in accounts:
        key = account_key(account)
        common = {"name": str(account.get("label") or account["name"])}
        if account["system"] == "mirakl":
            document["marketplaces"][key] = common | _mirakl(account, key, address, keys)
        elif account["system"] == "veeqo":
            document["warehouses"][key] = common | _veeqo(account, key, address, keys)
            document["channels"] |= {
                marketplace: _channel(marketplace, key, store, "reserve_then_accept")
                | {"delivery_method": str(account["delivery_method_id"])}
                for marketplace, store in account["stores"].items()
            }
        elif account["system"] == "deposco":
            document["warehouses"][key] = common | _deposco(account, key, address, keys)
            document["channels"] |= {
                marketplace: _channel(marketplace, key, account["business_unit"], "accept_then_queue")
                for marketplace in account["serves"]
            }
    return document, keys


def _mirakl(account: Mapping[str, Any], key: str, address: str, keys: dict[str, str]) -> dict[str, Any]:
    return {
        "base_url": f"{address}{_base_path(account)}",
        "api_key_variable": _kept(keys, key, "api_key", account["key"]),
        "shop_id": account["shop_id"],
        "currency": account["currency"],
        "time_zone": account.get("time_zone", "UTC"),
        "acceptance_window_hours": account["acceptance_window_hours"],
        "carriers": dict(_CARRIERS),
        "shipping": {
            "multi_parcel": bool(account.get("multi_shipment")),
            "tracking_mandatory": bool(account.get("mandatory_tracking")),
            "carriers": {name: {"name": name} for name in _UNREGISTERED},
        },
    }


def _veeqo(account: Mapping[str, Any], key: str, address: str, keys: dict[str, str]) -> dict[str, Any]:
    return {
        "system": "veeqo",
        "base_url": f"{address}{_base_path(account)}",
        "api_key_variable": _kept(keys, key, "api_key", account["key"]),
        "guest_email_domain": "guests.example.com",
        "currency": "EUR",
        "facilities": [
            {"number": str(place["id"]), "eligible": place["serves_marketplaces"]}
            for place in account.get("warehouses", ())
        ],
    }


def _deposco(account: Mapping[str, Any], key: str, address: str, keys: dict[str, str]) -> dict[str, Any]:
    """Orders over V2, availability over V1, as most tenants are licensed (Deposco §0)."""
    base = f"{address}{_base_path(account)}"
    user, _, password = str(account["key"]).partition(":")
    secrets = {name: account[name] for name in ("client_id", "client_secret", "refresh_token")}
    secrets |= {"user": user, "password": password}
    return {
        "system": "deposco",
        "business_unit": account["business_unit"],
        "company_code": account["company_code"],
        **{f"{name}_variable": _kept(keys, key, name, value) for name, value in secrets.items()},
        "v2": {
            "base_url": f"{base}{account['v2_path']}",
            "oauth": {"token_url": f"{base}{account['token_path']}"},
        },
        "v1": {"base_url": f"{base}{account['v1_path']}"},
        "orders": {"ship_via": account["ship_vias"][0], "shorten": ["first_name", "last_name"]},
        "returns": {"facility": account["facilities"][0]["number"]},
        "facilities": [_facility(facility) for facility in account["facilities"]],
    }


def _facility(told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "number": told["number"],
        "time_zone": told["time_zone"],
        "cut_off": told["cut_off"],
        "processing_days": told["processing_days"],
        "working_days": [day + 1 for day in told["working_days"]],  # the sandbox counts Monday as 0
        "holidays": list(told["holidays"]),
        "eligible": told["eligible"],
    }


def _channel(marketplace: str, warehouse: str, store: Any, policy: str) -> dict[str, Any]:
    return {
        "marketplace": marketplace,
        "warehouse": warehouse,
        "order_policy": policy,
        "number_prefix": marketplace.upper()[:16],
        "store": str(store),
        "stock": {"enabled": True},
        "dispatches": {"enabled": True},
        "returns": {"enabled": True},
        "catalogue": {"enabled": True, "folder": _REPORTS},
    }


def _kept(keys: dict[str, str], account: str, name: str, value: Any) -> str:
    """The variable under which the secret is handed over."""
    variable = f"SANDBOX_{account}_{name}".upper()
    keys[variable] = str(value)
    return variable


def account_key(account: Mapping[str, Any]) -> str:
    """The account's name in the channels file: the last part of its path, such as `alpine`."""
    word = _base_path(account).rpartition("/")[2] if account["system"] == "mirakl" else str(account["name"])
    return re.sub(r"[^a-z0-9_]+", "_", word.lower()).strip("_")


def _base_path(account: Mapping[str, Any]) -> str:
    """Without `/api`, which belongs to every path of Mirakl's own documentation."""
    return "/" + str(account["base_path"]).strip("/").removesuffix("/api")


def as_yaml(document: Mapping[str, Any]) -> str:
    """The document as the text of a channels file."""
    text = io.StringIO()
    yaml = YAML()
    yaml.indent(mapping=2)
    yaml.dump(dict(document), text)
    return _HEADER + text.getvalue()
