"""The other side of a benchmark in a process of its own, so that its work is nobody's CPU time here."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def serving(module: str, *arguments: object) -> Iterator[str]:
    """The address under which `python -m module` serves: it prints its port, and ends with its input.

    Raises:
        RuntimeError: it ended before it served.
    """
    command = [sys.executable, "-m", module, *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        port = server.stdout.readline().strip()
        if not port:
            raise RuntimeError(f"{module} ended before it served; its own message is above.")
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.stdin.close()
            server.wait(timeout=30)
