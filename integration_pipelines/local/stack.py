"""The whole system on one machine: database, sandbox (in the demo), Dagster.

`demo` works on the sandbox's accounts and begins empty each time, because the sandbox does too;
`up` works on the accounts of the channels file and keeps everything. Both run the same code as
production; only who starts the processes differs.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import FrameType

from rich.console import Console

from integration_pipelines.config import (
    channels_file,
    read_channels,
    read_environment,
    read_secrets,
    secret_variables,
)
from integration_pipelines.local.answers import LOOPBACK, ask, dagster_is_ready, free_port
from integration_pipelines.local.databases import DatabaseUrls, stack_databases
from integration_pipelines.local.demo import as_yaml, demo_channels
from integration_pipelines.local.errors import LocalStackError
from integration_pipelines.local.guard import Guard
from integration_pipelines.local.home import Charge, Kind, Started
from integration_pipelines.local.processes import Child, Crew, StopRequestedError, end_processes, marked

HOME = Path(".local")
WORKSPACE = Path("workspace.yaml")
INTERFACE_PORT = 3000
SANDBOX_PORT = 8765
SENSORS_RUNNING = "DAGSTER_SENSORS_RUNNING"


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSettings:
    """How a stack is started.

    Attributes:
        kind: `demo` or `up`.
        home: folder of all local state.
        workspace: Dagster's workspace file.
        port: of the Dagster UI; another one is taken, and said, when it is not free.
        sandbox_arguments: further arguments of `integration-pipelines sandbox`.
    """

    kind: Kind
    home: Path = HOME
    workspace: Path = WORKSPACE
    port: int = INTERFACE_PORT
    sandbox_arguments: Sequence[str] = ()


def run_stack(
    kind: Kind,
    *,
    home: Path = HOME,
    workspace: Path = WORKSPACE,
    port: int = INTERFACE_PORT,
    sandbox_arguments: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
    console: Console | None = None,
) -> None:
    """Run the stack until SIGINT, SIGTERM or SIGHUP; then stop everything, in reverse order.

    Args:
        environ: the environment; by default the real one with `.env` beneath it.

    Raises:
        LocalStackError: something did not start, or ended by itself; everything else is stopped.
        ConfigurationError: the channels file or a key is wrong; nothing was started.
    """
    settings = StackSettings(
        kind=kind,
        home=home.absolute(),
        workspace=workspace.absolute(),
        port=port,
        sandbox_arguments=sandbox_arguments,
    )
    environ = read_environment(Path.cwd()) if environ is None else environ
    with _stop_signals() as (stopping, hurry):
        stack = _Stack(settings, environ, console or Console(), stopping, hurry)
        try:
            stack.run()
        except StopRequestedError:
            pass
        except Exception:
            if not stopping.is_set():  # what fails while everything is being stopped is no news
                raise
    stack.say("Everything is stopped.")


class _Stack:
    def __init__(
        self,
        settings: StackSettings,
        environ: Mapping[str, str],
        console: Console,
        stopping: threading.Event,
        hurry: threading.Event,
    ) -> None:
        self._settings = settings
        self._home = settings.home
        self._environ = dict(environ)
        self._console = console
        self._crew = Crew(self._home / "logs", str(self._home), stopping, hurry)

    def say(self, text: str) -> None:
        self._console.print(text, highlight=False, soft_wrap=True)

    def run(self) -> None:
        kind = self._settings.kind
        if not self._settings.workspace.is_file():
            raise LocalStackError(
                f"There is no {self._settings.workspace}: start from the project's folder, where it lies."
            )
        if kind == "up":
            self._take_channels_of_file()
        with ExitStack() as leaving:
            charge = Charge.take(self._home)
            leaving.callback(charge.give_up)
            charge.record(Started(kind, os.getpid()))
            guard = Guard(self._home)
            leaving.callback(guard.dismiss)
            end_processes(marked(str(self._home)), gentle=10)  # left by a stack that was killed
            self.say("Starting PostgreSQL …")
            urls = leaving.enter_context(stack_databases(kind, self._home, self._environ))
            leaving.callback(self._crew.stop)
            leaving.callback(self.say, "Stopping …")
            if kind == "demo":
                self._start_sandbox()
            port = self._start_dagster(urls)
            interface = f"http://{LOOPBACK}:{port}"
            charge.record(Started(kind, os.getpid(), interface))
            self._say_where_to_look(interface)
            self._crew.watch()

    def _take_channels_of_file(self) -> None:
        path = channels_file(self._environ).absolute()
        channels = read_channels(path)
        read_secrets(channels, self._environ)
        self._environ["CHANNELS_FILE"] = str(path)
        self.say(
            f"{path.name}: {len(channels.channels)} channels, {len(secret_variables(channels))} keys found."
        )

    def _start_sandbox(self) -> None:
        self.say("Starting the sandbox: marketplaces and warehouses, with customers and staff …")
        port = free_port(SANDBOX_PORT)
        command = Path(sys.executable).with_name("integration-pipelines")
        argv = [str(command), "sandbox", "--port", str(port), *self._settings.sandbox_arguments]
        self._crew.start(
            Child("sandbox", argv, ready=lambda: ask(port, "/control/accounts") is not None),
            self._environ,
        )
        for outage in ask(port, "/control/outages"):
            self.say(
                f"Part of the show: {outage['account']} answers nothing from {outage['begins'][:16]} to "
                f"{outage['ends'][:16]} UTC; orders go on being accepted, and its queue drains afterwards."
            )
        document, keys = demo_channels(ask(port, "/control/accounts"), f"http://{LOOPBACK}:{port}")
        path = self._home / "channels.yaml"
        path.write_text(as_yaml(document))
        read_secrets(read_channels(path), keys)
        self._environ |= {"CHANNELS_FILE": str(path), **keys}

    def _start_dagster(self, urls: DatabaseUrls) -> int:
        self.say("Starting Dagster …")
        port = free_port(self._settings.port)
        if port != self._settings.port:
            self.say(f"Port {self._settings.port} is taken; Dagster gets port {port}.")
        folder = self._home / "dagster"
        folder.mkdir(parents=True, exist_ok=True)
        template = resources.files("integration_pipelines.local") / "dagster.yaml"
        (folder / "dagster.yaml").write_text(template.read_text())
        argv = [sys.executable, "-m", "dagster", "dev", "-w", str(self._settings.workspace)]
        environ = {
            "DATABASE_URL": urls.operations,
            "DAGSTER_POSTGRES_URL": urls.dagster,
            "DAGSTER_HOME": str(folder),
            "DAGSTER_COMPUTE_LOGS": str(self._home / "compute_logs"),
            # One OR11 read with its repeats may outlast Dagster's 60 s for a tick.
            "DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS": "180",
        }
        if self._settings.kind == "demo":  # on real accounts a person switches them on
            environ[SENSORS_RUNNING] = "1"
        child = Child(
            "dagster",
            [*argv, "-h", LOOPBACK, "-p", str(port)],
            ready=lambda: dagster_is_ready(port),
            environ=environ,
            patience=180,
        )
        self._crew.start(child, self._environ)
        return port

    def _say_where_to_look(self, interface: str) -> None:
        if self._settings.kind == "up" and self._environ.get(SENSORS_RUNNING) != "1":
            self.say(
                "Sensors and schedules begin switched off, so nothing is accepted or booked yet. Switch them "
                f"on at {interface}/automation, or set {SENSORS_RUNNING}=1. A switch made there is kept."
            )
        elsewhere = "" if self._home == HOME.absolute() else f" --home {self._home}"
        self.say(
            f"\n[bold]Ready: {interface}[/bold]\n"
            f"  {interface}/asset-groups   the assets and what they depend on\n"
            f"  {interface}/assets         each with its checks, plots and tables\n"
            f"  {interface}/automation     sensors and schedules, and what they last said\n"
            f"  {interface}/runs           what ran\n"
            f"  integration-pipelines exceptions list{elsewhere}   what needs a person\n"
            f"  integration-pipelines order REF{elsewhere}         one order on both sides\n"
            f"  logs: {self._home / 'logs'}\n"
            "Ctrl-C stops everything."
        )


@contextmanager
def _stop_signals() -> Iterator[tuple[threading.Event, threading.Event]]:
    """Events for the first and the second request to stop; the old handlers come back at the end."""
    stopping, hurry = threading.Event(), threading.Event()

    def request(_number: int, _frame: FrameType | None) -> None:
        (hurry if stopping.is_set() else stopping).set()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, request) for number in numbers}
    try:
        yield stopping, hurry
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
