"""Children of the local stack: ready, watched, and gone with everything they started."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from integration_pipelines.local.errors import LocalStackError
from integration_pipelines.local.processes import Child, Crew, StopRequestedError, end_processes, marked

FAMILY = """\
import pathlib, subprocess, sys, time
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
pathlib.Path(sys.argv[1]).write_text(str(grandchild.pid))
time.sleep(600)
"""
STUBBORN = """\
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1]).write_text("ready")
time.sleep(600)
"""
WAITING = """\
import pathlib, sys, time
pathlib.Path(sys.argv[1]).write_text("ready")
time.sleep(600)
"""


class Stage:
    """A crew, what stops it, and the file by which its children say that they are ready."""

    def __init__(self, folder: Path) -> None:
        self.stopping, self.hurry = threading.Event(), threading.Event()
        self.mark = str(folder)
        self.crew = Crew(folder / "logs", self.mark, self.stopping, self.hurry)
        self.sign = folder / "sign"

    def child(
        self,
        program: str,
        ready: Callable[[], bool] | None = None,
        *,
        patience: float = 30,
        farewell: float = 10,
    ) -> Child:
        return Child(
            "child",
            [sys.executable, "-c", program, str(self.sign)],
            ready or (lambda: self.sign.exists() and self.sign.read_text() != ""),
            patience=patience,
            farewell=farewell,
        )

    def start(self, child: Child) -> None:
        self.crew.start(child, {"PATH": "/usr/bin"})


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    end_processes(marked(stage.mark))


def test_stop_ends_grandchildren_that_detached_themselves(stage: Stage) -> None:
    stage.start(stage.child(FAMILY))
    grandchild = psutil.Process(int(stage.sign.read_text()))
    assert grandchild in marked(stage.mark)
    stage.crew.stop()
    assert not grandchild.is_running()
    assert marked(stage.mark) == []


def test_grandchildren_are_found_after_their_parent_was_killed(stage: Stage) -> None:
    stage.start(stage.child(FAMILY))
    grandchild = psutil.Process(int(stage.sign.read_text()))
    (parent,) = [process for process in marked(stage.mark) if process != grandchild]
    parent.kill()
    with pytest.raises(LocalStackError, match="child was ended by signal 9"):
        stage.crew.watch()
    stage.crew.stop()
    assert not grandchild.is_running()


def test_a_child_that_ignores_sigterm_is_killed(stage: Stage) -> None:
    stage.start(stage.child(STUBBORN, farewell=0.1))
    stage.crew.stop()
    assert marked(stage.mark) == []


def test_asked_twice_nobody_gets_time_for_a_farewell(stage: Stage) -> None:
    stage.start(stage.child(STUBBORN, farewell=3600))
    stage.hurry.set()
    stage.crew.stop()
    assert marked(stage.mark) == []


def test_an_early_death_is_reported_with_the_end_of_the_log(stage: Stage) -> None:
    program = "print('first'); print('no such port'); raise SystemExit(3)"
    with pytest.raises(LocalStackError) as caught:
        stage.start(stage.child(program))
    assert "child ended by itself with exit code 3" in str(caught.value)
    assert "no such port" in str(caught.value)


def test_a_child_that_never_answers_is_reported(stage: Stage) -> None:
    with pytest.raises(LocalStackError, match="child did not answer within 0 s"):
        stage.start(stage.child(WAITING, ready=lambda: False, patience=0))


def test_a_request_to_stop_ends_the_waiting(stage: Stage) -> None:
    stage.stopping.set()
    with pytest.raises(StopRequestedError):
        stage.start(stage.child(WAITING, ready=lambda: False))
    stage.crew.stop()
    assert marked(stage.mark) == []


def test_children_take_signals_although_the_shell_ignored_them(stage: Stage) -> None:
    """A shell's background job ignores SIGINT; the supervisor's own handler gives children the default."""
    program = "import pathlib, signal, sys, time\n" + (
        "pathlib.Path(sys.argv[1]).write_text(str(signal.getsignal(signal.SIGINT)))\ntime.sleep(600)"
    )
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        stage.start(stage.child(program))
    finally:
        signal.signal(signal.SIGINT, before)
    assert "default_int_handler" in stage.sign.read_text()


def test_other_processes_are_not_taken_for_the_family(stage: Stage) -> None:
    stage.start(stage.child(WAITING))
    assert len(marked(stage.mark)) == 1
    assert marked(stage.mark + "x") == []
