"""The command line: what a person at a terminal can ask of the integration.

Each command reads its arguments, calls one thing and prints what came of it. No rule lives here.
"""

import getpass
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import Annotated

import typer
from rich.console import Console

from integration_pipelines.clock import Clock, ManualClock, SystemClock
from integration_pipelines.config import Channels
from integration_pipelines.config.faults import ConfigurationError
from integration_pipelines.config.load import read_channels
from integration_pipelines.config.secrets import (
    CHANNELS_FILE,
    channels_file,
    read_environment,
    read_secrets,
    secret_variables,
)
from integration_pipelines.doctor import examine
from integration_pipelines.exceptions import acts
from integration_pipelines.fulfilments.steer import map_carrier
from integration_pipelines.integration import Integration, build_integration
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.lookup import find_orders, read_order_story
from integration_pipelines.local.databases import DATABASE_URL, operations_database
from integration_pipelines.local.demo import as_yaml, demo_channels
from integration_pipelines.local.errors import LocalStackError
from integration_pipelines.local.home import last_started
from integration_pipelines.local.stack import HOME, run_stack
from integration_pipelines.order_screen import print_order
from integration_pipelines.remote import RemoteError
from integration_pipelines.sandbox import Sandbox
from integration_pipelines.sandbox.business import Business, Enforcement
from integration_pipelines.sandbox.hurry import hurried
from integration_pipelines.sandbox.serve import serve
from integration_pipelines.screen import (
    DayProgress,
    print_day,
    print_examination,
    print_exception,
    print_exceptions,
)
from integration_pipelines.simulated_day import DayResult, run_demo_day, run_rehearsal
from integration_pipelines.stock.explain import explain
from integration_pipelines.stock.show import told_in_words
from integration_pipelines.stock.steer import PUSH_PATIENCE, peak_off, peak_on, tell_now
from integration_pipelines.stock_screen import print_explained

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
exceptions_app = typer.Typer(no_args_is_help=True, help="What needs a person, and what to do about it.")
app.add_typer(exceptions_app, name="exceptions")
stock_app = typer.Typer(no_args_is_help=True, help="What marketplaces are told that they may sell.")
app.add_typer(stock_app, name="stock")

console = Console()
LIVELY_ORDERS_PER_DAY = 6_000
LIVELY_HEAD_START = timedelta(minutes=35)
LIVELY_HURRY = 20  # minutes instead of hours until a parcel leaves, and a return comes back


class Faults(StrEnum):
    """How badly the sandbox's systems behave."""

    NONE = "none"
    USUAL = "usual"
    HEAVY = "heavy"


class Switch(StrEnum):
    """Whether something holds."""

    ON = "on"
    OFF = "off"


class SandboxClock(StrEnum):
    """Whose time the sandbox keeps."""

    SIMULATED = "simulated"
    REAL = "real"


JsonFile = Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")]
Seed = Annotated[int, typer.Option(help="Everything random in the sandbox derives from it.")]
Number = Annotated[int, typer.Argument(help="The exception's number, as listed.")]
ChannelKey = Annotated[str, typer.Argument(help="The channel's key in the channels file.")]
Home = Annotated[Path, typer.Option(help="Folder of all local state.")]
Note = Annotated[str, typer.Option(help="Why; it is recorded with your name.")]


@app.callback()
def main(verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log every call.")] = False) -> None:
    """Keeps Mirakl marketplaces and Veeqo or Deposco warehouses true to each other."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.ERROR, format="%(asctime)s %(levelname)s %(message)s"
    )


@app.command()
def demo(
    headless: Annotated[
        bool, typer.Option("--headless", help="Simulate one day here, without the UI.")
    ] = False,
    orders: Annotated[
        int, typer.Option(min=1, help="Headless: orders that customers place in the day.")
    ] = 1000,
    hours: Annotated[float, typer.Option(min=0.1, help="Headless: simulated hours.")] = 24,
    seed: Seed = 1,
    faults: Annotated[
        Faults, typer.Option(help="Headless: how badly the other systems behave.")
    ] = Faults.USUAL,
    json_file: JsonFile = None,
    port: Annotated[int, typer.Option(help="Port of the Dagster UI.")] = 3000,
    home: Home = HOME,
) -> None:
    """The whole system on the sandbox: with the UI, or one simulated day with `--headless`."""
    if not headless:
        _run_stack("demo", port, home)
        return
    with DayProgress(console, f"Simulating {hours:g} h") as progress:
        result = run_demo_day(
            seed=seed,
            orders=orders,
            hours=hours,
            faults=faults.value,
            database_url=None,
            progress=progress.show,
        )
    _close_day(result, json_file)


@app.command()
def rehearse(
    channels: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="The channels file.")],
    hours: Annotated[float, typer.Option(min=0.01, help="How long, on the accounts' clock.")],
    clock: Annotated[str | None, typer.Option(help="URL that tells the test system's time.")] = None,
    advance: Annotated[str | None, typer.Option(help="URL to POST `seconds=S` to after each round.")] = None,
    json_file: JsonFile = None,
) -> None:
    """The demo's rounds against the accounts of a channels file, in this process, without Dagster.

    It writes to those accounts: use a pre-production shop or a test system. Orders are kept in
    DATABASE_URL, or in a database that is thrown away.
    """
    environ = read_environment(Path.cwd())
    with DayProgress(console, f"Rehearsing {hours:g} h") as progress, _readable_errors():
        result = run_rehearsal(
            channels_file=channels,
            hours=hours,
            clock_url=clock,
            advance_url=advance,
            database_url=environ.get("DATABASE_URL"),
            progress=progress.show,
        )
    _close_day(result, json_file)


@app.command()
def up(
    port: Annotated[int, typer.Option(help="Port of the Dagster UI.")] = 3000,
    home: Home = HOME,
) -> None:
    """The whole system on the real accounts of `channels.yaml`."""
    _run_stack("up", port, home)


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8765,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    seed: Seed = 1,
    orders_per_day: Annotated[int, typer.Option(min=0, help="Orders that customers place in a day.")] = 1000,
    faults: Annotated[
        Faults, typer.Option(help="How badly it behaves; the demo's day has usual.")
    ] = Faults.NONE,
    clock: Annotated[
        SandboxClock, typer.Option(help="Simulated time moves by POST /control/advance only.")
    ] = SandboxClock.SIMULATED,
    enforcement: Annotated[
        Enforcement, typer.Option("--quotas", help="What it does about too many calls.")
    ] = Enforcement.LENIENT,
    channels: Annotated[
        Path | None, typer.Option(help="Write a channels file for it here, and its keys to FILE.env.")
    ] = None,
) -> None:
    """The sandbox alone over HTTP: several marketplaces and two warehouses, with customers and staff."""
    own_clock: Clock
    if clock is SandboxClock.REAL:
        own_clock = SystemClock()
        business = hurried(
            Business.demo(
                seed,
                max(orders_per_day, LIVELY_ORDERS_PER_DAY),
                faults.value,
                start=_lively_start(),
                enforcement=enforcement,
            ),
            LIVELY_HURRY,
        )
    else:
        business = Business.demo(seed, orders_per_day, faults.value, enforcement=enforcement)
        own_clock = ManualClock(business.start)
    core = Sandbox(business, own_clock)
    if channels:
        document, keys = demo_channels(core.accounts(), f"http://{host}:{port}")
        channels.write_text(as_yaml(document))
        beside = channels.with_name(f"{channels.name}.env")
        beside.write_text("".join(f"{name}={value}\n" for name, value in keys.items()))
    console.print(f"Sandbox on http://{host}:{port} (accounts: /control/accounts). Ctrl-C stops it.")
    serve(core, host, port)


@app.command()
def order(
    reference: Annotated[
        str,
        typer.Argument(help="Marketplace order id, warehouse number or id, tracking or return number."),
    ],
    home: Home = HOME,
) -> None:
    """Where one order is, where its refund is, what is wrong with it, and its story on both sides."""
    with _ledger(home) as ledger, ledger.begin() as connection:
        found = find_orders(connection, reference)
        for marketplace, order_id in found:
            print_order(console, read_order_story(connection, marketplace, order_id))
    if not found:
        console.print(
            f"No order is known as {reference!r}. Exact spelling counts; try the marketplace's order id."
        )
        raise typer.Exit(1)


@exceptions_app.command("list")
def list_exceptions(
    owner: Annotated[
        str | None, typer.Option(help="Only this team's: operations, ecommerce, cx, finance.")
    ] = None,
    code: Annotated[str | None, typer.Option(help="Only this kind.")] = None,
    include_closed: Annotated[bool, typer.Option("--all", help="Closed and resolved ones too.")] = False,
    home: Home = HOME,
) -> None:
    """What needs a person, the most pressing first."""
    with _ledger(home) as ledger, ledger.begin() as connection:
        found = acts.list_exceptions(connection, owner=owner, code=code, include_closed=include_closed)
    print_exceptions(console, found)


@exceptions_app.command("show")
def show_exception(number: Number, home: Home = HOME) -> None:
    """One exception: what it means, what to do, its evidence and its history."""
    with _ledger(home) as ledger, ledger.begin() as connection:
        found, history = acts.read_exception(connection, number)
        raw = acts.raw_answer(connection, found)
    print_exception(console, found, history, raw)


@exceptions_app.command("retry")
def retry_exception(number: Number, note: Note = "", home: Home = HOME) -> None:
    """Decide its order again at once; a refused write may be sent again."""
    with _ledger(home) as ledger, ledger.begin() as connection:
        acts.retry(connection, number, who=getpass.getuser(), note=note, now=SystemClock().now())
    console.print(f"Exception {number} is in the queue again; the next run of its channel works it.")


@exceptions_app.command("resolve")
def resolve_exception(
    number: Number,
    note: Annotated[str, typer.Option(help="What was decided; required.", prompt=True)],
    home: Home = HOME,
) -> None:
    """Take it off the queue with a note; a hold that asked for a decision is lifted."""
    with _ledger(home) as ledger, ledger.begin() as connection:
        acts.resolve(connection, number, who=getpass.getuser(), note=note, now=SystemClock().now())
    console.print(f"Exception {number} is resolved.")


@exceptions_app.command("map-carrier")
def map_one_carrier(
    channel: ChannelKey,
    name: Annotated[str, typer.Argument(help="The carrier as the warehouse calls it, spelt exactly.")],
    code: Annotated[str, typer.Argument(help="The marketplace's own code of it, spelt exactly.")],
    home: Home = HOME,
) -> None:
    """Say which carrier of the marketplace a warehouse's is; all dispatches that wait for it go on."""
    who, now = getpass.getuser(), SystemClock().now()
    with _ledger(home) as ledger, ledger.begin() as connection:
        channels = _channels(home, read_environment(Path.cwd()))
        told = map_carrier(connection, channels, channel, name, code, who=who, now=now)
    console.print(told, highlight=False, markup=False, soft_wrap=True)


@stock_app.command("show")
def show_stock(
    sku: Annotated[str, typer.Argument(help="Spelt exactly, blanks and case too.")],
    home: Home = HOME,
) -> None:
    """Why every shop shows what it shows of a SKU. Reads the ledger only."""
    environ = read_environment(Path.cwd())
    with _ledger(home) as ledger:
        channels = _channels(home, environ)
        # Nobody is asked, so keys that are not set here are not missed.
        keys = dict.fromkeys(secret_variables(channels), "unused") | environ
        opened = _integration(channels, keys, ledger)
        with ledger.begin() as connection:
            for work in opened.stock_work.values():
                print_explained(console, sku, explain(connection, work.shop, sku, opened.clock.now()))
        opened.close()


@stock_app.command("push")
def push_stock(
    channel: ChannelKey,
    everything: Annotated[
        bool, typer.Option("--all", help="Every figure, changed or not, refused ones too.")
    ] = False,
    home: Home = HOME,
) -> None:
    """Tell a marketplace its figures now, and wait for what became of them."""
    environ = read_environment(Path.cwd())
    with _ledger(home) as ledger:
        channels = _channels(home, environ)
        work = _integration(channels, environ, ledger).stock_work.get(channel)
        if work is None:
            raise ValueError(f"There is no channel {channel!r}; there are {', '.join(channels.channels)}.")
        report = tell_now(work, everything=everything, patience=PUSH_PATIENCE)
    console.print(told_in_words(channel, report), highlight=False, markup=False, soft_wrap=True)


@stock_app.command("peak")
def switch_peak(
    channel: ChannelKey,
    switch: Annotated[Switch, typer.Argument(help="on or off")],
    until: Annotated[
        str, typer.Option(help="When it ends, such as 2026-11-30T23:00, in the marketplace's time zone.")
    ] = "",
    home: Home = HOME,
) -> None:
    """Peak mode: the channel's `stock.peak` buffer holds until then instead of the usual one."""
    who, now = getpass.getuser(), SystemClock().now()
    with _ledger(home) as ledger, ledger.begin() as connection:
        channels = _channels(home, read_environment(Path.cwd()))
        if switch is Switch.ON:
            told = peak_on(connection, channels, channel, until, who=who, now=now)
        else:
            told = peak_off(connection, channels, channel, who=who, now=now)
    console.print(told, highlight=False, markup=False, soft_wrap=True)


@app.command()
def doctor(home: Home = HOME) -> None:
    """Checks configuration, credentials, reachability and settings; says what to fix."""
    environ = read_environment(Path.cwd())
    with _readable_errors():
        channels = read_channels(channels_file(environ))
        secrets = read_secrets(channels, environ)
    with _ledger(home) as ledger:
        findings = examine(channels, secrets, ledger, SystemClock())
    print_examination(console, findings)
    if not all(finding.good for finding in findings):
        raise typer.Exit(1)


@contextmanager
def _ledger(home: Path) -> Iterator[Ledger]:
    """The ledger of DATABASE_URL, else of the stack that runs in `home` or ran there last."""
    with _readable_errors(), operations_database(home, read_environment(Path.cwd())) as url:
        ledger = Ledger.open(url)
        try:
            yield ledger
        finally:
            ledger.close()


def _channels(home: Path, environ: Mapping[str, str]) -> Channels:
    """The channels file of the environment, or the one that the demo wrote for itself in `home`."""
    path, started = channels_file(environ), last_started(home)
    if started and started.kind == "demo" and not {CHANNELS_FILE, DATABASE_URL} & set(environ):
        path = home / "channels.yaml"
    return read_channels(path)


def _integration(channels: Channels, environ: Mapping[str, str], ledger: Ledger) -> Integration:
    secrets = read_secrets(channels, environ)
    return build_integration(channels, secrets, ledger=ledger, clock=SystemClock(), random=Random())


def _run_stack(kind: str, port: int, home: Path) -> None:
    with _readable_errors():
        if kind == "demo":
            run_stack(
                "demo", home=home, port=port, sandbox_arguments=("--clock", "real", "--faults", "usual")
            )
        else:
            run_stack("up", home=home, port=port)


def _close_day(result: DayResult, json_file: Path | None) -> None:
    print_day(console, result)
    if json_file:
        json_file.write_text(json.dumps(result.as_json(), indent=2) + "\n")
    if not result.good:
        raise typer.Exit(1)


def _lively_start() -> datetime:
    """A little in the past, so that orders wait already when somebody looks."""
    return datetime.now(UTC) - LIVELY_HEAD_START


class _readable_errors:  # noqa: N801 - reads as a statement
    """Turns errors that a person can act on into one message and exit code 1."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(
            error,
            ConfigurationError | LocalStackError | acts.UnknownExceptionError | RemoteError | ValueError,
        ):
            console.print(f"[red]{error}[/red]", highlight=False, soft_wrap=True)
            raise typer.Exit(1) from None


if __name__ == "__main__":
    app()
