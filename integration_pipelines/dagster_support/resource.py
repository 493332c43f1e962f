"""The integration as a Dagster resource: opened on first use, once per process.

It has no configuration of its own on purpose: what Dagster configures is shown in its UI and kept
with every run, and here that would be database passwords and API keys. Everything comes from the
environment (with `.env` beneath it) of the process that works: the code server for sensors, the run's
own process for runs.
"""

from pathlib import Path
from random import Random
from threading import Lock

import dagster as dg

from integration_pipelines.clock import SystemClock
from integration_pipelines.config import channels_file, read_channels, read_environment, read_secrets
from integration_pipelines.integration import Integration, build_integration
from integration_pipelines.ledger import Ledger

DATABASE_URL = "DATABASE_URL"


class MissingDatabaseError(Exception):
    """Nobody said where the ledger is."""


class IntegrationResource(dg.ConfigurableResource):  # type: ignore[type-arg]  # Dagster's own usage has no argument
    """All accounts of the channels file, on the ledger of `DATABASE_URL`."""

    def open(self) -> Integration:
        """The integration of this process.

        Raises:
            ConfigurationError: the channels file or a key is missing or wrong.
            MissingDatabaseError: `DATABASE_URL` is not set.
        """
        return _PROCESS.integration()


class _Process:
    """One integration for all threads of a process: they share its connections and its call budgets."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._integration: Integration | None = None

    def integration(self) -> Integration:
        with self._lock:
            if self._integration is None:
                self._integration = _open()
            return self._integration


_PROCESS = _Process()


def _open() -> Integration:
    environ = read_environment(Path.cwd())
    channels = read_channels(channels_file(environ))
    secrets = read_secrets(channels, environ)
    url = environ.get(DATABASE_URL)
    if not url:
        raise MissingDatabaseError(
            f"{DATABASE_URL} is not set, so there is no ledger to work on. `integration-pipelines up` "
            "starts a database and sets it; otherwise point it at your PostgreSQL."
        )
    ledger = Ledger.open(url)
    ledger.migrate()  # some milliseconds when there is nothing to do
    return build_integration(channels, secrets, ledger=ledger, clock=SystemClock(), random=Random())
