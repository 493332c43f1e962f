"""API keys come from the environment: all of them or a report, and never shown."""

import pickle
from pathlib import Path

import pytest

from integration_pipelines.config import (
    Channels,
    ConfigurationError,
    channels_file,
    read_channels,
    read_environment,
    read_secrets,
    secret_variables,
)

DEPOSCO = ("CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN", "USER", "PASSWORD")
KEYS = {
    "ALPINE_API_KEY": "a-key",
    "BOREALIS_API_KEY": "b-key",
    "VEEQO_MAIN_API_KEY": "v-key",
    **{f"DEPOSCO_{name}": f"d-{name.lower()}" for name in DEPOSCO},
}


@pytest.fixture(scope="module")
def channels() -> Channels:
    return read_channels(Path(__file__).parents[2] / "channels.example.yaml")


def test_each_account_gets_its_own_key(channels: Channels) -> None:
    secrets = read_secrets(channels, KEYS)
    assert secrets.of_marketplace("borealis") == "b-key"
    assert secrets.of_warehouse("veeqo_main") == {"api_key": "v-key"}
    assert secrets.of_warehouse("deposco_main")["refresh_token"] == "d-refresh_token"
    assert secret_variables(channels) == list(KEYS)


def test_every_missing_blank_or_damaged_variable_is_named_at_once(channels: Channels) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_secrets(channels, {"ALPINE_API_KEY": "  ", "BOREALIS_API_KEY": "qwert\nzuiop"})
    message = str(caught.value)
    assert "marketplaces.alpine: the variable ALPINE_API_KEY is blank" in message
    assert "marketplaces.borealis: the variable BOREALIS_API_KEY holds" in message
    assert "warehouses.veeqo_main: the variable VEEQO_MAIN_API_KEY is not set" in message
    assert "qwert" not in message


def test_keys_are_never_shown_or_stored(channels: Channels) -> None:
    secrets = read_secrets(channels, KEYS)
    for shown in (repr(secrets), str(secrets), f"{secrets}"):
        assert "alpine" in shown
        assert all(key not in shown for key in KEYS.values())
    with pytest.raises(TypeError, match="never stored"):
        pickle.dumps(secrets)


def test_the_dot_env_file_lies_beneath_the_environment(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=file\nB=file\n")
    assert read_environment(tmp_path, {"B": "set"}) == {"A": "file", "B": "set"}
    assert read_environment(tmp_path / "none", {"B": "set"}) == {"B": "set"}


def test_the_channels_file_is_named_by_a_variable() -> None:
    assert channels_file({}) == Path("channels.yaml")
    assert channels_file({"CHANNELS_FILE": "shops/test.yaml"}) == Path("shops/test.yaml")
