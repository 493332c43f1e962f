"""Opening the ledger, applying its migrations, and working in it.

A `Session` is one database connection held by one worker. Locks are advisory locks of that very
session, and the worker's own writes go through the same connection: a worker that lost its
connection has lost its locks and cannot commit either. A held lock, never age, proves that a
worker lives (failure case F31). PgBouncer must therefore run in session mode.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from importlib import resources
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

SCHEMA_LOCK = "ledger:migrate"
# A NUL as JSON writes it; the same letters after an odd backslash are ordinary text.
_ESCAPED_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def json_text(value: Any) -> str:
    """JSON as PostgreSQL stores it: what JSONB cannot hold (NUL, lone surrogates) becomes U+FFFD."""
    return storable_json(json.dumps(value, ensure_ascii=False, default=_plain))


def storable_json(text: str) -> str:
    """`storable` for text that is JSON: there a NUL is written as an escape."""
    return storable(_ESCAPED_NUL.sub("\\1\ufffd", text) if "\\u0000" in text else text)


def storable(text: str) -> str:
    """Text that PostgreSQL can hold: NUL and lone surrogates become U+FFFD."""
    text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and abs(value) < 10**15 else float(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be stored as JSON")


class Session:
    """One worker's connection: transactions and the locks held across them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.asked_for_locks = False

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction; commits at the end, rolls back on an exception."""
        with self._connection.begin():
            yield self._connection

    @contextmanager
    def hold(self, name: str) -> Iterator[bool]:
        """Try to take the lock `name` without waiting; tells whether it is held for the block."""
        self.asked_for_locks = True
        with self._connection.begin():
            held = bool(
                self._connection.scalar(
                    text("select pg_try_advisory_lock(hashtextextended(:name, 0))"), {"name": name}
                )
            )
        try:
            yield held
        finally:
            if held and not self._connection.invalidated and not self._connection.closed:
                self._release(name)

    def _release(self, name: str) -> None:
        if self._connection.in_transaction():
            self._connection.rollback()
        with self._connection.begin():
            self._connection.execute(
                text("select pg_advisory_unlock(hashtextextended(:name, 0))"), {"name": name}
            )


class Ledger:
    """The `operations` database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @classmethod
    def open(cls, url: str) -> "Ledger":
        """Connect lazily to `url` (`postgresql://…`; psycopg 3 is used whatever the prefix says)."""
        scheme, _, rest = url.partition("://")
        if not scheme.startswith("postgres"):
            raise ValueError(f"DATABASE_URL must be a PostgreSQL URL, not {scheme!r}://…")
        engine = create_engine(
            f"postgresql+psycopg://{rest}",
            json_serializer=json_text,
            pool_pre_ping=True,
            pool_size=5,
            max_overflow=10,
            connect_args={"options": "-c timezone=UTC", "application_name": "integration_pipelines"},
        )
        return cls(engine)

    def close(self) -> None:
        self.engine.dispose()

    def migrate(self) -> None:
        """Bring the schema to the newest version; several processes may call it at once."""
        config = Config()
        folder = resources.files("integration_pipelines.ledger") / "migrations"
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        with self.engine.connect() as connection:
            connection.execute(
                text("select pg_advisory_lock(hashtextextended(:name, 0))"), {"name": SCHEMA_LOCK}
            )
            connection.commit()
            try:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                connection.commit()
            finally:
                connection.rollback()
                connection.execute(
                    text("select pg_advisory_unlock(hashtextextended(:name, 0))"), {"name": SCHEMA_LOCK}
                )
                connection.commit()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction on a connection of its own."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A worker's session; its locks end with it, however it ends."""
        with self.engine.connect() as connection:
            session = Session(connection)
            try:
                yield session
            finally:
                if session.asked_for_locks:
                    self._give_back(connection)

    def _give_back(self, connection: Connection) -> None:
        """No lock may outlive its worker's session; a connection in doubt is closed, not pooled."""
        try:
            connection.rollback()
            connection.execute(text("select pg_advisory_unlock_all()"))
            connection.commit()
        except DBAPIError:
            connection.invalidate()
