"""Loading the code location needs the channels file and nothing else."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from integration_pipelines.config import ConfigurationError
from integration_pipelines.dagster_support.resource import IntegrationResource, MissingDatabaseError
from integration_pipelines.definitions import read_defs
from integration_pipelines.local.demo import as_yaml, demo_channels
from integration_pipelines_tests.local.test_demo import ACCOUNTS

DOCUMENT, KEYS = demo_channels(ACCOUNTS, "http://127.0.0.1:9")


def test_without_a_channels_file_only_the_upkeep_is_defined_and_the_log_says_what_to_do(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        repository = read_defs(tmp_path, {}).get_repository_def()
    assert [job.name for job in repository.get_all_jobs()] == ["prune_runs"]
    assert "channels.example.yaml" in caplog.text


def test_a_channels_file_is_enough_to_load(tmp_path: Path) -> None:
    (tmp_path / "channels.yaml").write_text(as_yaml(DOCUMENT))
    repository = read_defs(tmp_path, {}).get_repository_def()
    assert "alpine__orders" in {sensor.name for sensor in repository.sensor_defs}


def test_a_wrong_channels_file_does_not_load_at_all(tmp_path: Path) -> None:
    (tmp_path / "channels.yaml").write_text(as_yaml(DOCUMENT).replace("EUR", "euro"))
    with pytest.raises(ConfigurationError, match=r"marketplaces\.alpine\.currency"):
        read_defs(tmp_path, {})


def test_the_switch_for_sensors_and_the_place_of_the_file_come_from_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.yaml"
    file.write_text(as_yaml(DOCUMENT))
    environ = {"CHANNELS_FILE": str(file), "DAGSTER_SENSORS_RUNNING": "1"}
    repository = read_defs(tmp_path, environ).get_repository_def()
    assert {sensor.default_status.value for sensor in repository.sensor_defs} == {"RUNNING"}


def test_opening_without_a_database_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "channels.yaml").write_text(as_yaml(DOCUMENT))
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "CHANNELS_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(MissingDatabaseError, match="integration-pipelines up"):
        IntegrationResource().open()


def test_the_resource_shows_no_secret_and_has_no_configuration() -> None:
    assert IntegrationResource().model_dump() == {}


def test_importing_the_location_opens_neither_sockets_nor_heavy_libraries(tmp_path: Path) -> None:
    """Every run is a process of its own, so what the import drags in is paid every time."""
    (tmp_path / "channels.yaml").write_text(as_yaml(DOCUMENT))
    probe = (
        "import socket, sys\n"
        "def refuse(*a, **k): raise SystemExit('a socket was opened while loading')\n"
        "socket.socket.connect = refuse\n"
        "from integration_pipelines.definitions import defs\n"
        "defs().get_repository_def()\n"
        "print(sorted({'pandas', 'uvicorn', 'starlette', 'dagster_webserver'} & set(sys.modules)))"
    )
    environ = {
        name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "CHANNELS_FILE")
    }
    ran = subprocess.run(
        [sys.executable, "-c", probe], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout.strip()) == (0, "[]"), ran.stderr
