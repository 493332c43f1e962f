"""Starting worker processes and waiting for their end, without waiting longer than needed."""

from multiprocessing.context import ForkServerProcess

import psutil

from integration_pipelines_tests.simulation.worker import Assignment, Together, run
from integration_pipelines_tests.simulation.worlds import FORKS

PATIENCE = 120  # seconds that a worker may take; one takes about one for a single order
GLANCE = 0.02  # seconds between two looks at a process


def start(assignment: Assignment, together: Together | None = None) -> ForkServerProcess:
    """A worker process, running; `together` keeps step with others."""
    process = FORKS.Process(target=run, args=(assignment, together), daemon=True)
    process.start()
    return process


def exit_code(process: ForkServerProcess, patience: float = PATIENCE) -> int | None:
    """Wait for its end; answers the exit code (negative: the signal that killed it)."""
    process.join(patience)
    if process.is_alive():
        process.kill()
        process.join()
        raise AssertionError(f"a worker was still busy after {patience} s")
    return process.exitcode


def ended(assignment: Assignment) -> int | None:
    """Run a worker process to its end; answers its exit code."""
    return exit_code(start(assignment))


def wait_until_stuck(process: ForkServerProcess) -> None:
    """Wait until the worker has stopped itself (SIGSTOP)."""
    for _ in range(int(PATIENCE / GLANCE)):
        if psutil.Process(process.pid).status() == psutil.STATUS_STOPPED:
            return
        process.join(GLANCE)
        assert process.is_alive(), "the worker ended instead of getting stuck"
    raise AssertionError(f"the worker was not stuck after {PATIENCE} s")
