"""The folder of the local stack (`.local`): who is in charge of it, and what was started there last.

One stack per home, by a kernel lock on `stack.lock`: a second `dagster dev` on the same storage
would run every schedule and sensor twice. Nothing of the lock outlives its holder.
"""

import fcntl
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, Self

import psutil

from integration_pipelines.local.errors import LocalStackError

Kind = Literal["demo", "up"]
_LOOK_AGAIN = 0.05  # seconds between two attempts at the lock
CLEANING_PATIENCE = 40  # seconds that a guard may need to clear up after a killed stack


@dataclass(frozen=True, slots=True)
class Started:
    """What was started last in a home.

    Attributes:
        kind: `demo` (sandbox accounts) or `up` (the accounts of the channels file).
        pid: the supervisor's process.
        interface: web address of the Dagster UI, empty while it is starting.
    """

    kind: Kind
    pid: int
    interface: str = ""


class Charge:
    """Being in charge of a home, until `give_up` or the end of this process."""

    def __init__(self, home: Path, lock: int) -> None:
        self.home = home
        self._lock = lock

    @classmethod
    def take(cls, home: Path) -> Self:
        """Take charge of `home` to run a stack there.

        Waits while the last stack's guard still clears up, and for a holder that is just dying.

        Raises:
            LocalStackError: another stack runs here.
        """
        try:
            home.mkdir(parents=True, exist_ok=True)
            lock = _open_lock(home)
        except OSError as error:
            raise LocalStackError(
                f"{home} cannot be written ({error.strerror}). It may belong to another account: remove it, "
                "or choose another folder."
            ) from error
        deadline = time.monotonic() + CLEANING_PATIENCE
        while not _locked(lock):
            task, holder = _holder(lock)
            if (task == "run" and psutil.pid_exists(holder)) or time.monotonic() > deadline:
                os.close(lock)
                raise LocalStackError(_already_running(home))
            time.sleep(_LOOK_AGAIN)
        _write_holder(lock, "run")
        return cls(home, lock)

    @classmethod
    def inherit(cls, home: Path, from_pid: int) -> Self | None:
        """Take charge after the death of `from_pid`, to clear up; `None` when a new stack did already."""
        lock = _open_lock(home)
        while not _locked(lock):
            if _holder(lock)[1] != from_pid:
                os.close(lock)
                return None
            time.sleep(_LOOK_AGAIN)  # its pipe is closed already, its lock in a moment
        _write_holder(lock, "clear")
        return cls(home, lock)

    def record(self, started: Started) -> None:
        """Remember what runs here, for a second start and for commands that read its database."""
        draft = self.home / "stack.json.new"
        draft.write_text(json.dumps(asdict(started)))
        draft.replace(self.home / "stack.json")

    def give_up(self) -> None:
        os.close(self._lock)


def last_started(home: Path) -> Started | None:
    """What was started last in `home`; it need not run any more."""
    try:
        return Started(**json.loads((home / "stack.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _open_lock(home: Path) -> int:
    return os.open(home / "stack.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_holder(lock: int, task: str) -> None:
    text = f"{task} {os.getpid()}\n".encode()
    os.ftruncate(lock, len(text))
    os.pwrite(lock, text, 0)


def _holder(lock: int) -> tuple[str, int]:
    """What the lock is held for (`run` or `clear`) and by which process."""
    task, _, number = os.pread(lock, 32, 0).decode().strip().partition(" ")
    return (task, int(number)) if number.isdigit() else ("", 0)


def _already_running(home: Path) -> str:
    started = last_started(home)
    who = f" (process {started.pid}, `{started.kind}`)" if started else ""
    where = f" It is at {started.interface}." if started and started.interface else ""
    return (
        f"A stack already runs on {home}{who}.{where} A second one would do everything twice: stop the first "
        "with Ctrl-C, or give this one a home of its own."
    )
