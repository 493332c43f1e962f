"""The embedded PostgreSQL: shared, stopped by the last user, robust against killed owners."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text

from integration_pipelines.local.errors import LocalStackError
from integration_pipelines.local.postgres import EmbeddedPostgres

SETTINGS = {"fsync": "off"}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "home"
    yield folder
    EmbeddedPostgres(folder).stop()


def running(home: Path) -> bool:
    try:
        number = int((home / "postgres" / "postmaster.pid").read_text().split()[0])
    except OSError:
        return False
    return psutil.pid_exists(number)


def answer(url: str) -> object:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT current_database()")).scalar()
    engine.dispose()
    return found


def test_serves_both_drivers_and_keeps_its_content_over_a_restart(home: Path) -> None:
    with EmbeddedPostgres(home, SETTINGS) as server:
        url = server.ensure_database("operations")
        assert answer(url) == "operations"
        assert answer(server.url("operations", "psycopg2")) == "operations"
    assert not running(home)
    with EmbeddedPostgres(home, SETTINGS) as server:
        assert server.ensure_database("operations") == url
        assert answer(url) == "operations"


def test_the_last_user_stops_it(home: Path) -> None:
    first, second = EmbeddedPostgres(home, SETTINGS).start(), EmbeddedPostgres(home, SETTINGS).start()
    first.stop()
    assert answer(second.url("postgres")) == "postgres"
    second.stop()
    assert not running(home)


def test_listens_on_no_network_address(home: Path) -> None:
    with EmbeddedPostgres(home, SETTINGS) as server, create_engine(server.url("postgres")).connect() as sql:
        assert sql.execute(text("SHOW listen_addresses")).scalar() == ""
        folder = Path(str(make_url(server.url("postgres")).query["host"]))
        assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["with blank and é", "long-" * 40, "it's"])
def test_awkward_folders_do_not_matter(tmp_path: Path, name: str) -> None:
    with EmbeddedPostgres(tmp_path / name, SETTINGS) as server:
        assert answer(server.ensure_database("operations")) == "operations"


def test_a_killed_user_does_not_keep_it_running_for_ever(home: Path) -> None:
    program = (
        "import sys, pathlib; from integration_pipelines.local.postgres import EmbeddedPostgres\n"
        f"EmbeddedPostgres(pathlib.Path({str(home)!r}), {SETTINGS!r}).start()\n"
        "print('started', flush=True); sys.stdin.read()"
    )
    owner = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert owner.stdout is not None
    assert owner.stdout.readline() == b"started\n"
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    assert running(home)
    with EmbeddedPostgres(home, SETTINGS) as server:
        assert answer(server.url("postgres")) == "postgres"
    assert not running(home)


def test_starts_after_the_server_itself_was_killed(home: Path) -> None:
    server = EmbeddedPostgres(home, SETTINGS).start()
    postmaster = psutil.Process(int((home / "postgres" / "postmaster.pid").read_text().split()[0]))
    postmaster.kill()
    psutil.wait_procs([postmaster], timeout=10)
    with EmbeddedPostgres(home, SETTINGS) as again:
        assert answer(again.url("postgres")) == "postgres"
    server.stop()


def test_a_process_that_got_the_old_number_is_not_taken_for_the_server(home: Path) -> None:
    with EmbeddedPostgres(home, SETTINGS):
        pid_file = (home / "postgres" / "postmaster.pid").read_text()
    (home / "postgres" / "postmaster.pid").write_text(
        pid_file.replace(pid_file.split()[0], str(os.getpid()), 1)
    )
    with EmbeddedPostgres(home, SETTINGS) as server:
        assert answer(server.url("postgres")) == "postgres"


def test_an_interrupted_first_start_is_begun_again(home: Path) -> None:
    for half in ("postgres.unfinished", "postgres"):
        (home / half).mkdir(parents=True)
        (home / half / "half").write_text("written")
    with EmbeddedPostgres(home, SETTINGS) as server:
        assert answer(server.url("postgres")) == "postgres"


def test_a_damaged_folder_is_reported_with_advice(home: Path) -> None:
    with EmbeddedPostgres(home, SETTINGS):
        pass
    (home / "postgres" / "global" / "pg_control").unlink()
    with pytest.raises(LocalStackError, match=r"could not be started .* Remove that folder"):
        EmbeddedPostgres(home, SETTINGS).start()


def test_a_home_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LocalStackError, match="cannot be written"):
        EmbeddedPostgres(tmp_path / "file" / "home").start()


def test_clones_and_drops_databases_that_are_in_use(home: Path) -> None:
    with EmbeddedPostgres(home, SETTINGS) as server:
        template = server.ensure_database("template_operations")
        engine = create_engine(template)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE marks (mark int)"))
        engine.dispose()
        address = server.ensure_database("clone", template="template_operations").replace("+psycopg", "")
        clone = psycopg.connect(address)
        assert clone.execute("SELECT count(*) FROM marks").fetchone() == (0,)
        server.drop_database("clone")
        clone.close()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(address)
        with pytest.raises(ValueError, match="no plain database name"):
            server.ensure_database('x"; DROP')
