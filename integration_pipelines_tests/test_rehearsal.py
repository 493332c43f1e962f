"""A rehearsal over HTTP on the sandbox's own clock comes to the same figures as the demo in one process."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from integration_pipelines.rehearsal import SteppedClock, remote_clock

HOURS = "2"
ORDERS = "300"
SEED = "7"
COMMAND = Path(sys.executable).with_name("integration-pipelines")


@contextmanager
def sandbox_process(folder: Path) -> Iterator[tuple[str, Path]]:
    """The sandbox in a process of its own: its address and the channels file that it wrote."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    channels = folder / "channels.yaml"
    argv = [str(COMMAND), "sandbox", "--port", str(port), "--seed", SEED, "--orders-per-day", ORDERS]
    process = subprocess.Popen(
        [*argv, "--faults", "usual", "--channels", str(channels)], stdout=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        transport = httpx.HTTPTransport(retries=8)  # waits longer after each refused connection
        with httpx.Client(transport=transport) as client:
            client.get(f"{address}/control/accounts").raise_for_status()
        yield address, channels
    finally:
        process.terminate()
        process.wait(timeout=20)


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.run(
        [str(COMMAND), *arguments], cwd=folder, env=environ, capture_output=True, text=True, timeout=300
    )


def test_rehearsal_and_demo_come_to_the_same_figures(tmp_path: Path) -> None:
    with sandbox_process(tmp_path) as (address, channels):
        rehearsed = run(
            *("rehearse", "--channels", str(channels), "--hours", HOURS),
            *("--clock", f"{address}/control/clock", "--advance", f"{address}/control/advance"),
            *("--json", str(tmp_path / "rehearsal.json")),
            folder=tmp_path,
        )
    assert rehearsed.returncode == 0, rehearsed.stdout + rehearsed.stderr
    run(
        *("demo", "--headless", "--hours", HOURS, "--orders", ORDERS, "--seed", SEED),
        *("--json", str(tmp_path / "demo.json")),
        folder=tmp_path,
    )
    rehearsal = json.loads((tmp_path / "rehearsal.json").read_text())
    demo = json.loads((tmp_path / "demo.json").read_text())
    same = ("orders", "outcomes", "dispatches", "refunds", "exceptions", "calls", "quota", "seconds")
    assert {name: rehearsal[name] for name in same} == {name: demo[name] for name in same}
    assert demo["orders"]["seen"] > 10
    assert demo["dispatches"]["confirmed"] > 0


def test_a_stepped_clock_moves_in_whole_seconds_and_only_when_it_waits() -> None:
    moments = [datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 2, 0, 0, 1, tzinfo=UTC)]
    asked: list[int] = []
    clock = SteppedClock(lambda: moments[len(asked)], asked.append)
    assert clock.now() == moments[0]
    clock.sleep(0)
    clock.sleep(0.3)
    assert asked == [1]
    assert clock.now() == moments[1]


def test_advancing_without_a_clock_to_read_is_refused() -> None:
    with pytest.raises(ValueError, match="--clock"):
        remote_clock(None, "http://127.0.0.1:1/advance")
