"""The sandbox's accounts as a channels file."""

from typing import Any

from integration_pipelines.config import DeposcoAccount, OrderPolicy, parse_channels, read_secrets
from integration_pipelines.local.demo import as_yaml, demo_channels

ACCOUNTS: list[dict[str, Any]] = [
    {
        "system": "mirakl",
        "name": "Alpine Market: the best # shop",
        "base_path": "/mirakl/alpine/api",
        "key": "invented-1",
        "shop_id": 2001,
        "currency": "EUR",
        "time_zone": "Europe/Paris",
        "acceptance_window_hours": 24,
    },
    {
        "system": "veeqo",
        "name": "veeqo_main",
        "base_path": "/veeqo",
        "key": "invented-2",
        "shop_id": None,
        "stores": {"alpine": 11001},
        "delivery_method_id": 501,
        "warehouses": [{"id": 4107, "name": "Main", "serves_marketplaces": True}],
        "serves": ["alpine"],
    },
]
DEPOSCO: list[dict[str, Any]] = [
    {
        "system": "mirakl",
        "name": "borealis",
        "base_path": "/mirakl/borealis/api",
        "key": "invented-3",
        "shop_id": 2002,
        "currency": "GBP",
        "acceptance_window_hours": 48,
    },
    {
        "system": "deposco",
        "name": "deposco_main",
        "base_path": "/deposco",
        "key": "api_user:invented-4",
        "client_id": "invented-5",
        "client_secret": "invented-6",
        "refresh_token": "invented-7",
        "business_unit": "ACME",
        "company_code": "acmeprod",
        "token_path": "/oauth2/token",
        "v2_path": "/latest",
        "v1_path": "/integration/acmeprod",
        "ship_vias": ["Standard", "Express"],
        "facilities": [
            {
                "number": "DC1",
                "time_zone": "Europe/Paris",
                "cut_off": "15:00",
                "processing_days": 1,
                "working_days": [0, 5],
                "holidays": ["2026-12-25"],
                "eligible": True,
            }
        ],
        "serves": ["borealis"],
    },
]


def test_the_demo_takes_the_same_way_as_a_real_start() -> None:
    document, keys = demo_channels(ACCOUNTS, "http://127.0.0.1:8765/")
    text = as_yaml(document)
    channels = parse_channels(text)
    secrets = read_secrets(channels, keys)
    assert str(channels.marketplaces["alpine"].base_url) == "http://127.0.0.1:8765/mirakl/alpine"
    assert channels.channels["alpine"].store == "11001"
    assert secrets.of_marketplace("alpine") == "invented-1"
    assert secrets.of_warehouse("veeqo_main") == {"api_key": "invented-2"}
    assert "invented" not in text.partition("\n")[2]


def test_a_deposco_tenant_becomes_an_account_that_accepts_first() -> None:
    document, keys = demo_channels([*ACCOUNTS, *DEPOSCO], "http://127.0.0.1:8765")
    text = as_yaml(document)
    channels = parse_channels(text)
    account = channels.warehouses["deposco_main"]
    assert isinstance(account, DeposcoAccount)
    assert account.v2
    assert account.v2.base_url == "http://127.0.0.1:8765/deposco/latest"
    assert account.facilities[0].working_days == {1, 6}, "Monday is 1 here and 0 there"
    assert channels.channels["borealis"].order_policy is OrderPolicy.ACCEPT_THEN_QUEUE
    assert channels.channels["borealis"].store == "ACME"
    assert read_secrets(channels, keys).of_warehouse("deposco_main") == {
        "client_id": "invented-5",
        "client_secret": "invented-6",
        "refresh_token": "invented-7",
        "user": "api_user",
        "password": "invented-4",
    }
    assert "invented" not in text.partition("\n")[2]
