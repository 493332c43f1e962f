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
    for account in accounts:
        key = account_key(account)
        variable = f"SANDBOX_{key.upper()}_API_KEY"
        keys[variable] = str(account["key"])
        common = {
            "name": str(account.get("label") or account["name"]),
            "base_url": f"{address.rstrip('/')}{_base_path(account)}",
            "api_key_variable": variable,
        }
        if account["system"] == "mirakl":
            document["marketplaces"][key] = common | {
                "shop_id": account["shop_id"],
                "currency": account["currency"],
                "time_zone": account.get("time_zone", "UTC"),
                "acceptance_window_hours": account["acceptance_window_hours"],
            }
        elif account["system"] == "veeqo":
            document["warehouses"][key] = common | {
                "system": "veeqo",
                "guest_email_domain": "guests.example.com",
                "currency": "EUR",
            }
            for marketplace, store in account["stores"].items():
                document["channels"][marketplace] = {
                    "marketplace": marketplace,
                    "warehouse": key,
                    "order_policy": "reserve_then_accept",
                    "number_prefix": marketplace.upper()[:16],
                    "store": str(store),
                    "delivery_method": str(account["delivery_method_id"]),
                }
    return document, keys


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
