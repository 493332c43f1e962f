"""Child processes of the local stack: started as data says, watched, ended with all they started.

Every child gets a process group of its own, so Ctrl-C in the terminal reaches only the supervisor,
and a mark in its environment. The mark is inherited by whatever the child starts (Dagster's code
servers and runs detach themselves), so the whole family is found again by it, even by a later
supervisor after this one was killed.

Surprising: while the supervisor has its own handlers for SIGINT and SIGTERM, children begin with the
default ones. Dagster needs that: with SIGINT ignored, as in a shell's background job, it ignores
SIGTERM as well.
"""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from integration_pipelines.local.errors import LocalStackError

MARK = "INTEGRATION_PIPELINES_STACK"
TAIL_LINES = 20
_LOOK_AGAIN = 0.2  # seconds between two looks at a child


@dataclass(frozen=True, slots=True)
class Child:
    """A program of the stack.

    Attributes:
        name: as people read it; also the name of its log.
        argv: program and arguments.
        environ: variables on top of the supervisor's own.
        ready: tells whether it answers; called again and again. It may raise `LocalStackError` when it
            sees that the child will never be ready.
        patience: seconds it may take to answer for the first time.
        farewell: seconds it may take to end after SIGTERM.
    """

    name: str
    argv: Sequence[str]
    ready: Callable[[], bool]
    environ: Mapping[str, str] = field(default_factory=dict)
    patience: float = 90
    farewell: float = 15


class StopRequestedError(Exception):
    """Somebody asked the stack to stop while it was starting."""


class Crew:
    """The children that run now, in order of their start.

    Args:
        logs: folder of `<name>.log`.
        mark: what marks the family; unique to the stack's home.
        stopping: set when the stack is asked to stop.
        hurry: set when it is asked again: nobody gets time for a farewell.
    """

    def __init__(self, logs: Path, mark: str, stopping: threading.Event, hurry: threading.Event) -> None:
        self._logs = logs
        self._mark = mark
        self._stopping = stopping
        self._hurry = hurry
        self._running: list[tuple[Child, psutil.Popen]] = []

    def start(self, child: Child, environ: Mapping[str, str]) -> None:
        """Start `child` and wait until it answers.

        Raises:
            LocalStackError: it ended early or did not answer in time; the end of its log is quoted.
            StopRequestedError: the stack was asked to stop meanwhile.
        """
        self._logs.mkdir(parents=True, exist_ok=True)
        with self.log_of(child).open("wb") as log:
            process = psutil.Popen(
                list(child.argv),
                env={**environ, **child.environ, MARK: self._mark},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running.append((child, process))
        deadline = time.monotonic() + child.patience
        while not child.ready():
            if process.poll() is not None:
                raise LocalStackError(self._epitaph(child, process))
            if time.monotonic() > deadline:
                said = f"{child.name} did not answer within {child.patience:.0f} s."
                raise LocalStackError(said + self._tail(child))
            if self._stopping.wait(_LOOK_AGAIN):
                raise StopRequestedError

    def watch(self) -> None:
        """Return when the stack is asked to stop.

        Raises:
            LocalStackError: a child ended by itself.
        """
        while not self._stopping.wait(_LOOK_AGAIN):
            for child, process in self._running:
                if process.poll() is not None:
                    raise LocalStackError(self._epitaph(child, process))

    def stop(self) -> None:
        """End all children in reverse order, and whatever they started."""
        while self._running:
            child, process = self._running.pop()
            family = [process, *_descendants(process)]
            with suppress(psutil.NoSuchProcess):
                process.terminate()
            self._wait_for(process, child.farewell)
            end_processes(family)
        end_processes(marked(self._mark))

    def log_of(self, child: Child) -> Path:
        return self._logs / f"{child.name}.log"

    def _wait_for(self, process: psutil.Popen, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while process.poll() is None and time.monotonic() < deadline and not self._hurry.wait(0.05):
            pass

    def _epitaph(self, child: Child, process: psutil.Popen) -> str:
        code = process.returncode
        how = f"was ended by signal {-code}" if code < 0 else f"ended by itself with exit code {code}"
        return f"{child.name} {how}." + self._tail(child)

    def _tail(self, child: Child) -> str:
        log = self.log_of(child)
        lines = log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        return f" The end of {log}:" + "".join(f"\n  {line}" for line in lines)


def marked(mark: str) -> list[psutil.Process]:
    """All processes of this account whose environment carries the mark, wherever they stand now."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(MARK) == mark:
                found.append(process)
    return found


def end_processes(processes: Iterable[psutil.Process], gentle: float = 3) -> None:
    """SIGTERM, then after `gentle` seconds SIGKILL; returns when all are gone."""
    alive = [process for process in processes if process.is_running()]
    for process in alive:
        with suppress(psutil.Error):
            process.terminate()
    _, alive = psutil.wait_procs(alive, timeout=gentle)
    for process in alive:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=gentle)


def _descendants(process: psutil.Popen) -> list[psutil.Process]:
    try:
        found: list[psutil.Process] = process.children(recursive=True)
    except psutil.Error:
        return []
    return found
