"""The files a person starts from say what the code does."""

import re
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from ruamel.yaml import YAML

from integration_pipelines.config import read_channels, secret_variables

ROOT = Path(__file__).parents[2]


def instance(path: str) -> dict[str, Any]:
    content: dict[str, Any] = YAML(typ="safe").load((ROOT / path).read_text())
    return content


def test_the_lock_names_no_index_and_every_entry_has_hashes() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    entries = re.findall(r"^[A-Za-z0-9].*?(?=^[A-Za-z0-9]|\Z)", lock, re.MULTILINE | re.DOTALL)
    assert len(entries) > 50
    assert all("--hash=sha256:" in entry and "==" in entry for entry in entries)
    assert "://" not in lock
    assert not re.search(r"^\s*(-i|--(extra-)?index|--find-links|--trusted-host)", lock, re.MULTILINE)


def test_the_example_environment_has_every_key_of_the_example_channels() -> None:
    variables = secret_variables(read_channels(ROOT / "channels.example.yaml"))
    assert set(variables) <= dotenv_values(ROOT / ".env.example").keys()


def test_production_and_the_local_stack_run_the_same_dagster_instance() -> None:
    local, production = instance("integration_pipelines/local/dagster.yaml"), instance("deploy/dagster.yaml")
    for settings in (local, production):
        assert settings["concurrency"]["runs"].pop("max_concurrent_runs") > 0
    assert local == production
    assert local["telemetry"] == {"enabled": False}
