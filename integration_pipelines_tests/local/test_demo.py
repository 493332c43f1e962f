"""The sandbox's accounts as a channels file."""

from typing import Any

from integration_pipelines.config import parse_channels, read_secrets
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
    assert secrets.of_warehouse("veeqo_main") == "invented-2"
    assert "invented" not in text.partition("\n")[2]
