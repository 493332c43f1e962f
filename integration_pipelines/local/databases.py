"""Which databases the local stack and the commands work on.

`DATABASE_URL` (our own, SQLAlchemy with psycopg 3) and `DAGSTER_POSTGRES_URL` (Dagster's, psycopg2)
win when set; otherwise the embedded server of the home serves both. `demo` and `up` have databases
of their own, so that a demo never touches real orders.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from integration_pipelines.local.errors import LocalStackError
from integration_pipelines.local.home import Kind, last_started
from integration_pipelines.local.postgres import EmbeddedPostgres

DATABASE_URL = "DATABASE_URL"
DAGSTER_POSTGRES_URL = "DAGSTER_POSTGRES_URL"
_NAMES: dict[Kind, tuple[str, str]] = {
    "up": ("operations", "dagster"),
    "demo": ("demo_operations", "demo_dagster"),
}


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """SQLAlchemy URLs of the two databases."""

    operations: str
    dagster: str


@contextmanager
def stack_databases(kind: Kind, home: Path, environ: Mapping[str, str]) -> Iterator[DatabaseUrls]:
    """The databases of a stack, the operations one with the newest schema; the demo's begin empty.

    Raises:
        LocalStackError: the demo was pointed at a database that already holds orders.
    """
    operations, dagster = environ.get(DATABASE_URL), environ.get(DAGSTER_POSTGRES_URL)
    if operations and dagster:
        _prepare(operations, kind)
        yield DatabaseUrls(operations, dagster)
        return
    with EmbeddedPostgres(home) as server:
        names = _NAMES[kind]
        if kind == "demo":
            for name in names:
                server.drop_database(name)
        operations = operations or server.ensure_database(names[0])
        if not dagster:
            server.ensure_database(names[1])
            dagster = server.url(names[1], "psycopg2")
        _prepare(operations, kind)
        yield DatabaseUrls(operations, dagster)


@contextmanager
def operations_database(home: Path, environ: Mapping[str, str]) -> Iterator[str]:
    """URL of the database that commands such as `order` and `exceptions` read.

    `DATABASE_URL` when set; else that of the stack that runs in `home` or ran there last. The
    embedded server is started for the duration when it does not run.
    """
    if url := environ.get(DATABASE_URL):
        yield url
        return
    started = last_started(home)
    with EmbeddedPostgres(home) as server:
        url = server.ensure_database(_NAMES[started.kind if started else "up"][0])
        _prepare(url, "up")
        yield url


def _prepare(url: str, kind: Kind) -> None:
    from sqlalchemy import text

    from integration_pipelines.ledger import Ledger

    ledger = Ledger.open(url)
    try:
        ledger.migrate()
        with ledger.begin() as connection:
            holds_orders = connection.execute(text("SELECT EXISTS (SELECT 1 FROM orders)")).scalar()
    finally:
        ledger.close()
    if kind == "demo" and holds_orders:
        raise LocalStackError(
            "DATABASE_URL points at a database that already holds orders; the demo's sandbox would be mixed "
            "with them. Unset DATABASE_URL, or give the demo an empty database."
        )
