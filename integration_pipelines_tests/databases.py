"""Fresh PostgreSQL databases for tests, cloned from one template that is migrated once per run.

The server is the embedded one, shared by all workers of a run, or that of `TEST_DATABASE_URL`.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url


class Databases:
    """Databases of one test run on one server.

    Args:
        url: SQLAlchemy URL of any database on the server; its role may create databases.
        run: short identifier of the test run, part of every name.
    """

    def __init__(self, url: str, run: str) -> None:
        self.url = url
        self.prefix = f"test_{run}_"
        self.template = f"{self.prefix}template"

    def create(self) -> str:
        """A new database with the newest schema and no rows; returns its URL."""
        self._ensure_template()
        return self._create(f"{self.prefix}{uuid.uuid4().hex[:12]}", template=self.template)

    def create_empty(self) -> str:
        """A new database without any schema; returns its URL."""
        return self._create(f"{self.prefix}{uuid.uuid4().hex[:12]}", template="template0")

    def drop(self, url: str) -> None:
        name = sql.Identifier(make_url(url).database or "")
        with self._administrator() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def drop_all(self) -> None:
        """Remove everything that this run left on the server."""
        with self._administrator() as connection:
            names = connection.execute(
                "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (self.prefix,)
            ).fetchall()
        for (name,) in names:
            self.drop(self._url_of(name))

    def _ensure_template(self) -> None:
        from integration_pipelines.ledger import Ledger

        with self._administrator() as connection, _alone(connection, self.template):
            if self._exists(connection, self.template):
                return
            self.drop(self._url_of(f"{self.prefix}draft"))  # of a migration that failed
            draft = self._create(f"{self.prefix}draft", template="template0")
            ledger = Ledger.open(draft)
            ledger.migrate()
            ledger.close()
            connection.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                    sql.Identifier(f"{self.prefix}draft"), sql.Identifier(self.template)
                )
            )

    def _create(self, name: str, *, template: str) -> str:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        with self._administrator() as connection:
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return self._url_of(name)

    def _url_of(self, name: str) -> str:
        url = make_url(self.url).set(drivername="postgresql+psycopg", database=name)
        return url.render_as_string(hide_password=False).replace("%2F", "/")

    def _exists(self, connection: psycopg.Connection[tuple[Any, ...]], name: str) -> bool:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
        return found is not None

    def _administrator(self) -> psycopg.Connection[tuple[Any, ...]]:
        url = make_url(self.url).set(drivername="postgresql")
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


@contextmanager
def _alone(connection: psycopg.Connection[tuple[Any, ...]], name: str) -> Iterator[None]:
    """One worker at a time, by an advisory lock that ends with the connection at the latest."""
    connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (name,))
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", (name,))
