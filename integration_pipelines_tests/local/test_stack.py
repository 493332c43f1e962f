"""The whole local stack as real processes, with a code location that costs nothing."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from integration_pipelines.config import read_channels, secret_variables
from integration_pipelines.local.answers import free_port
from integration_pipelines.local.postgres import EmbeddedPostgres
from integration_pipelines.local.processes import end_processes, marked

PATIENCE = 120  # seconds, on a busy machine
EXAMPLE = Path(__file__).parents[2] / "channels.example.yaml"
STARTER = """\
import sys
from pathlib import Path
from integration_pipelines.config import ConfigurationError
from integration_pipelines.local.errors import LocalStackError
from integration_pipelines.local.stack import run_stack
try:
    run_stack("up", home=Path(sys.argv[1]), workspace=Path(sys.argv[2]), port=int(sys.argv[3]))
except (LocalStackError, ConfigurationError) as error:
    raise SystemExit(str(error))
"""
DEFINITIONS = """\
import dagster as dg

@dg.asset
def nothing(): ...

defs = dg.Definitions(assets=[nothing])
"""


class Place:
    """A folder with a home, a workspace and everything a start needs."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.workspace = folder / "workspace.yaml"
        self.definitions = folder / "defs.py"
        self.definitions.write_text(DEFINITIONS)
        self.workspace.write_text(
            "load_from:\n  - python_file: {relative_path: defs.py, location_name: here}\n"
        )
        self.port = free_port(0)
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.endswith("_URL")},
            "CHANNELS_FILE": str(EXAMPLE),
            **dict.fromkeys(secret_variables(read_channels(EXAMPLE)), "k"),
        }
        self.started: list[subprocess.Popen[str]] = []

    def start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", STARTER, str(self.home), str(self.workspace), str(self.port)],
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def postmaster(self) -> psutil.Process:
        return psutil.Process(int((self.home / "postgres" / "postmaster.pid").read_text().split()[0]))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    for process in place.started:
        process.kill()
        process.communicate()
    end_processes(marked(str(place.home)))
    EmbeddedPostgres(place.home).stop()


def wait_for_line(process: subprocess.Popen[str], words: str) -> str:
    """Read the process's output until a line contains `words`."""
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if words in line:
            return line
    raise AssertionError(f"{words!r} was never said, but: {''.join(seen)}")


def all_gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=PATIENCE)
    return all(process.status() == psutil.STATUS_ZOMBIE for process in alive if process.is_running())


def test_runs_once_per_home_and_leaves_nothing_behind(place: Place) -> None:
    stack = place.start()
    assert f":{place.port}" in wait_for_line(stack, "Ready: ")
    family = [*marked(str(place.home)), place.postmaster()]
    assert len(family) >= 5  # dagster dev, its webserver, daemon and code server, PostgreSQL

    second = place.start()
    assert "A stack already runs on" in wait_for_line(second, "already runs")
    assert second.wait(PATIENCE) == 1
    assert all(process.is_running() for process in family)

    stack.send_signal(signal.SIGTERM)
    wait_for_line(stack, "Everything is stopped.")
    assert stack.wait(PATIENCE) == 0
    assert all_gone(family)


def test_a_killed_supervisor_is_cleared_up_after(place: Place) -> None:
    stack = place.start()
    wait_for_line(stack, "Ready: ")
    first = marked(str(place.home))
    (guard,) = [child for child in psutil.Process(stack.pid).children() if "clearing" in str(child.cmdline())]
    guard.kill()
    stack.kill()

    again = place.start()  # with nobody left to clear up, the next start does it
    wait_for_line(again, "Ready: ")
    assert all_gone(first)
    second = [*marked(str(place.home)), place.postmaster()]
    again.kill()
    assert all_gone(second)  # by the guard


def test_a_code_location_that_does_not_load_is_reported_and_everything_stopped(place: Place) -> None:
    place.definitions.write_text("raise ValueError('the channels file is not where it was')")
    stack = place.start()
    said, _ = stack.communicate(timeout=PATIENCE)
    assert stack.returncode == 1
    assert "Dagster cannot load the code location here" in said
    assert "the channels file is not where it was" in said
    assert marked(str(place.home)) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ALPINE_API_KEY": ""}, "the variable ALPINE_API_KEY is blank"),
        ({"CHANNELS_FILE": "nowhere.yaml"}, "no such file"),
    ],
)
def test_nothing_is_started_half_configured(place: Place, change: dict[str, str], words: str) -> None:
    place.environ |= change
    said, _ = place.start().communicate(timeout=PATIENCE)
    assert words in textwrap.dedent(said)
    assert not place.home.exists()


def test_without_a_workspace_it_says_where_to_start(place: Place) -> None:
    place.workspace.unlink()
    said, _ = place.start().communicate(timeout=PATIENCE)
    assert "start from the project's folder" in said
