"""Which database a stack or a command works on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from integration_pipelines.local.databases import operations_database, stack_databases
from integration_pipelines.local.errors import LocalStackError
from integration_pipelines.local.home import Charge, Started
from integration_pipelines.local.postgres import EmbeddedPostgres


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    EmbeddedPostgres(tmp_path).stop()


def carry_out(url: str, statement: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def holds_mark(url: str) -> bool:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT to_regclass('mark') IS NOT NULL")).scalar()
    engine.dispose()
    return bool(found)


def test_variables_win_and_nothing_is_started(database_url: str, tmp_path: Path) -> None:
    environ = {
        "DATABASE_URL": database_url,
        "DAGSTER_POSTGRES_URL": "postgresql+psycopg2://elsewhere/dagster",
    }
    with stack_databases("up", tmp_path, environ) as urls:
        assert (urls.operations, urls.dagster) == (database_url, environ["DAGSTER_POSTGRES_URL"])
    with operations_database(tmp_path, environ) as url:
        assert url == database_url
    assert not (tmp_path / "postgres").exists()


def test_real_orders_are_kept_and_the_demo_begins_empty(home: Path) -> None:
    for kind, kept in (("up", True), ("demo", False)):
        with stack_databases(kind, home, {}) as urls:  # type: ignore[arg-type]  # a literal, looped over
            assert urls.operations.startswith("postgresql+psycopg://")
            assert urls.dagster.startswith("postgresql+psycopg2://")
            assert not holds_mark(urls.operations)
            carry_out(urls.operations, "CREATE TABLE mark (mark int)")
        with stack_databases(kind, home, {}) as urls:  # type: ignore[arg-type]
            assert holds_mark(urls.operations) is kept


def test_commands_read_the_database_of_what_ran_last(home: Path) -> None:
    with stack_databases("demo", home, {}) as urls:
        carry_out(urls.operations, "CREATE TABLE mark (mark int)")
    with operations_database(home, {}) as url:
        assert not holds_mark(url)
    charge = Charge.take(home)
    charge.record(Started("demo", 1))
    charge.give_up()
    with operations_database(home, {}) as url:
        assert holds_mark(url)


def test_the_demo_refuses_a_database_with_orders(database_url: str, tmp_path: Path) -> None:
    carry_out(database_url, "ALTER TABLE orders RENAME TO orders_before")
    carry_out(database_url, "CREATE TABLE orders AS SELECT 1 AS one")
    environ = {
        "DATABASE_URL": database_url,
        "DAGSTER_POSTGRES_URL": "postgresql+psycopg2://elsewhere/dagster",
    }
    with (
        pytest.raises(LocalStackError, match="already holds orders"),
        stack_databases("demo", tmp_path, environ),
    ):
        pass
