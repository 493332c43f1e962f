"""Access tokens that processes share: one renewal for all, nothing readable without the environment."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from integration_pipelines.connectors.deposco.sealed_tokens import SealedTokenStore
from integration_pipelines.connectors.deposco.tokens import StoredToken
from integration_pipelines.ledger import Ledger

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ACCESS, REFRESH = "access-canary-7f3a", "refresh-canary-91bc"


def token(access: str = ACCESS) -> StoredToken:
    return StoredToken(access, NOW, NOW + timedelta(hours=1), REFRESH, "grown")


def store(ledger: Ledger, secret: str = "client-secret") -> SealedTokenStore:
    return SealedTokenStore(ledger.engine, {"depot": secret})


def test_what_one_process_keeps_another_gets(ledger: Ledger) -> None:
    assert store(ledger).get("depot") is None
    assert store(ledger).put_under_lock("depot", lambda before: token()) == token()
    assert store(ledger).get("depot") == token()


def test_the_database_alone_tells_nothing(ledger: Ledger) -> None:
    store(ledger).put_under_lock("depot", lambda before: token())
    with ledger.begin() as connection:
        [row] = connection.execute(text("select t::text, encode(sealed, 'escape') from access_tokens t"))
    for column in row:
        assert ACCESS not in column
        assert REFRESH not in column


def test_a_token_of_former_secrets_counts_as_none(ledger: Ledger) -> None:
    store(ledger).put_under_lock("depot", lambda before: token())
    renewed = store(ledger, "new-secret")
    assert renewed.get("depot") is None
    seen: list[StoredToken | None] = []

    def renewal(before: StoredToken | None) -> StoredToken:
        seen.append(before)
        return token("second")

    renewed.put_under_lock("depot", renewal)
    assert seen == [None]
    assert renewed.get("depot") == token("second")


def test_a_renewal_that_fails_changes_nothing(ledger: Ledger) -> None:
    kept = store(ledger)
    kept.put_under_lock("depot", lambda before: token())

    def fails(before: StoredToken | None) -> StoredToken:
        raise RuntimeError("the endpoint is down")

    with pytest.raises(RuntimeError):
        kept.put_under_lock("depot", fails)
    assert kept.get("depot") == token()


def test_of_many_at_once_each_sees_what_the_one_before_kept(ledger: Ledger) -> None:
    """The lock makes look, fetch and keep one step: eight workers renew once."""
    renewals: list[str] = []

    def renewal(before: StoredToken | None) -> StoredToken:
        if before is not None:
            return before
        renewals.append("fetched")
        return token()

    def work() -> None:
        store(ledger).put_under_lock("depot", renewal)

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert renewals == ["fetched"]
