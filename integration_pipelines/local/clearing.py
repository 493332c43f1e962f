"""Clears up a home whose supervisor was killed; run by `guard.py` as a process of its own."""

import signal
import sys
from pathlib import Path

from integration_pipelines.local.guard import DISMISSED
from integration_pipelines.local.home import Charge
from integration_pipelines.local.postgres import EmbeddedPostgres
from integration_pipelines.local.processes import end_processes, marked


def clear_up(home: Path, killed: int) -> None:
    """End what the killed supervisor left behind; nothing when a new stack is in charge already."""
    charge = Charge.inherit(home, killed)
    if charge is None:
        return
    end_processes(marked(str(home)), gentle=10)
    EmbeddedPostgres(home).stop()
    charge.give_up()


def main(home: Path, supervisor: int) -> None:
    """Wait for the supervisor's end; signals meant for it are not for us."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if sys.stdin.buffer.read() != DISMISSED:
        clear_up(home, supervisor)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
