"""Fixtures that every room of the tests may use: a real PostgreSQL, a database, a ledger.

The server starts when the first test asks for it and is shared by all pytest-xdist workers of the
run; the last one to finish stops it. `TEST_DATABASE_URL` (SQLAlchemy URL, a role that may create
databases) takes its place.
"""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from integration_pipelines.local.postgres import EmbeddedPostgres
from integration_pipelines_tests.databases import Databases

if TYPE_CHECKING:
    from integration_pipelines.ledger import Ledger

settings.register_profile("house", deadline=None)  # a busy machine is no failure
settings.load_profile("house")

RUN = pytest.StashKey[dict[str, str]]()
DURABILITY_OFF = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def pytest_configure(config: pytest.Config) -> None:
    """The controller names the run; its workers are told."""
    told = getattr(config, "workerinput", None)
    if told is None:
        home = tempfile.mkdtemp(prefix="ip-tests-")
        config.stash[RUN] = {"home": home, "id": uuid.uuid4().hex[:8]}
    else:
        config.stash[RUN] = told["postgres"]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["postgres"] = node.config.stash[RUN]


def pytest_unconfigure(config: pytest.Config) -> None:
    """The controller takes away what a killed worker may have left."""
    if hasattr(config, "workerinput") or RUN not in config.stash:
        return
    run = config.stash[RUN]
    if outside := os.environ.get("TEST_DATABASE_URL"):
        Databases(outside, run["id"]).drop_all()
    else:
        EmbeddedPostgres(Path(run["home"])).stop()
    shutil.rmtree(run["home"], ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Iterator[Databases]:
    """The PostgreSQL server of this run, as a source of databases."""
    run = request.config.stash[RUN]
    if outside := os.environ.get("TEST_DATABASE_URL"):
        yield Databases(outside, run["id"])
        return
    with EmbeddedPostgres(Path(run["home"]), DURABILITY_OFF) as server:
        yield Databases(server.url("postgres"), run["id"])


@pytest.fixture
def database_url(postgres: Databases) -> Iterator[str]:
    """SQLAlchemy URL of a fresh, migrated, empty `operations` database; dropped afterwards."""
    url = postgres.create()
    yield url
    postgres.drop(url)


@pytest.fixture
def empty_database_url(postgres: Databases) -> Iterator[str]:
    """SQLAlchemy URL of a database without any schema; dropped afterwards."""
    url = postgres.create_empty()
    yield url
    postgres.drop(url)


@pytest.fixture
def ledger(database_url: str) -> Iterator["Ledger"]:
    """A ledger on a fresh database."""
    from integration_pipelines.ledger import Ledger

    opened = Ledger.open(database_url)
    yield opened
    opened.close()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What pytest-xdist would swallow with its workers' output: the kill matrix's count, other figures.

    A test tells a figure by `record_property("figure", words)`; one of the kill matrix that is several cases
    tells how many by `record_property("deaths", count)`.
    """
    for report in terminalreporter.stats.get("passed", []):
        for name, words in report.user_properties:
            if name == "figure":
                terminalreporter.write_line(words)
    counted = {
        outcome: sum(
            int(dict(report.user_properties).get("deaths", 1))
            for report in terminalreporter.stats.get(outcome, [])
            if "test_kill_matrix" in report.nodeid
        )
        for outcome in ("passed", "failed", "error")
    }
    if total := sum(counted.values()):
        terminalreporter.write_line(
            f"kill matrix: {counted['passed']} of {total} cases had exactly one effect"
        )
