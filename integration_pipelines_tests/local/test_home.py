"""One stack per home."""

import subprocess
import sys
from pathlib import Path

import pytest

from integration_pipelines.local.errors import LocalStackError
from integration_pipelines.local.home import Charge, Started, last_started

HOLDER = """\
import pathlib, sys
from integration_pipelines.local.home import Charge
charge = Charge.take(pathlib.Path(sys.argv[1]))
print("taken", flush=True)
sys.stdin.read()
"""


def holder(home: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"taken\n"
    return process


def test_a_second_stack_is_refused_and_told_where_the_first_is(tmp_path: Path) -> None:
    charge = Charge.take(tmp_path)
    charge.record(Started("up", 42, "http://127.0.0.1:3000"))
    with pytest.raises(LocalStackError, match=r"already runs .*process 42, `up`.* at http://127.0.0.1:3000"):
        Charge.take(tmp_path)
    charge.give_up()
    Charge.take(tmp_path).give_up()


def test_the_lock_ends_with_a_killed_holder(tmp_path: Path) -> None:
    process = holder(tmp_path)
    with pytest.raises(LocalStackError, match="already runs"):
        Charge.take(tmp_path)
    process.kill()
    process.communicate()
    Charge.take(tmp_path).give_up()


def test_a_guard_inherits_from_the_killed_supervisor_only(tmp_path: Path) -> None:
    process = holder(tmp_path)
    assert Charge.inherit(tmp_path, from_pid=1) is None  # another stack is in charge
    process.kill()
    process.communicate()
    charge = Charge.inherit(tmp_path, from_pid=process.pid)
    assert charge is not None
    charge.give_up()


def test_what_was_started_last_is_remembered(tmp_path: Path) -> None:
    assert last_started(tmp_path) is None
    charge = Charge.take(tmp_path)
    charge.record(Started("demo", 7))
    charge.give_up()
    assert last_started(tmp_path) == Started("demo", 7)
    (tmp_path / "stack.json").write_text("{half")
    assert last_started(tmp_path) is None
