"""The supervisor's insurance against its own sudden death.

A small process (`clearing.py`) waits on a pipe from the supervisor. The pipe closes when the
supervisor ends, however it ends; unless it was dismissed before, the process then clears up.
"""

import os
import subprocess
import sys
from pathlib import Path

DISMISSED = b"dismissed"


class Guard:
    """The supervisor's end of the pipe."""

    def __init__(self, home: Path) -> None:
        logs = home / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        with (logs / "clearing.log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "integration_pipelines.local.clearing", str(home), str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def dismiss(self) -> None:
        """All is in order: the guard ends without doing anything."""
        self._process.communicate(DISMISSED)
