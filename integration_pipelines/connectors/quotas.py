"""The vendors' call-frequency contracts as numbers, and the budgets that keep us inside them.

The contracts come first (Mirakl §1.3, Veeqo §2, Deposco §5), then `Budgets`, which spends them. Every process
that uses an account must share one state, so production keeps it in PostgreSQL (`call_budgets`,
one row per bucket, taken under a row lock); one process alone may keep it in memory.

Surprising: an algorithm with a burst of N lets almost 2·N calls through in one window, so a "N per
minute" contract is planned with a smaller burst (`_at_most`). Time is the caller's clock, in
milliseconds since 1970, so simulated days spend simulated budgets.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Lock

from pyrate_limiter import GCRA, InMemoryStateStore, Rate
from pyrate_limiter.abstracts.algorithm import Decision, State, StateAlgorithm
from pyrate_limiter.abstracts.store import StateStore
from sqlalchemy import Engine, text

_SECOND, _MINUTE, _DAY = 1_000, 60_000, 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Contract:
    """What one account may be asked, and how often.

    Attributes:
        together: rates that all calls of the account share (Veeqo: one bucket per key).
        per_operation: rates of single operations, by budget name (`OR11`, `OR11:page`). An operation
            that is not listed has no published limit: it is sent when the business needs it.
    """

    together: tuple[Rate, ...] = ()
    per_operation: Mapping[str, tuple[Rate, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Two buckets per call would need both to be taken or neither; no vendor asks for that.
        assert not (self.together and self.per_operation), "a contract is per account or per operation"


def _at_most(calls: int, interval: int, burst: int = 1) -> Rate:
    """Never more than `calls` in any `interval` milliseconds, `burst` of them at once.

    GCRA admits `burst` and then one per emission interval, so the steady rate is what remains of the
    allowance after the burst.
    """
    return Rate(calls - burst + 1, interval, burst=burst)


_DAILY = (
    "A01", "A21", "AF01", "CH11", "CUR01", "DO01", "L01", "OF61", "OR75", "SH11", "SH12", "SH21", "SH31",
)  # fmt: skip

#: Mirakl's *maximum* frequencies per seller. OR21, OR23, OR24, OR28, OR29, OR30 and the writes of ST* are
#: "once per business event", none is published for the writes of RT*: the intents see to that, there is
#: no rate to plan.
MIRAKL = Contract(
    per_operation={
        "OR11": (_at_most(1, _MINUTE),),  # the background read; its pages and look-ups by id follow
        "OR11:page": (_at_most(2, _SECOND),),
        "OR11:ids": (_at_most(30, _MINUTE, burst=10),),
        "OR04": (_at_most(1, _MINUTE),),
        "OR31": (_at_most(5, _SECOND),),
        "STO01": (_at_most(1, _MINUTE),),
        "STO02": (_at_most(1, 15 * _SECOND),),
        "STO03": (_at_most(1, _MINUTE),),
        "OF52": (_at_most(1, _MINUTE),),  # differential
        "OF52:full": (_at_most(1, _DAY),),
        "OF53": (_at_most(1, 10 * _SECOND),),
        "RT11": (_at_most(1, 5 * _MINUTE),),
        "RT11:page": (_at_most(2, _SECOND),),
        "ST12": (_at_most(1, 5 * _MINUTE),),
        "ST12:page": (_at_most(2, _SECOND),),
        # Published as "per page view", without a figure: as careful as with the pages of OR11.
        "OF21": (_at_most(2, _SECOND),),
        "OF22": (_at_most(2, _SECOND),),
        "RE01": (_at_most(2, _SECOND),),
        "ST11": (_at_most(2, _SECOND),),
        **{operation: (_at_most(1, _DAY),) for operation in _DAILY},
    }
)

#: Veeqo drains 5 calls a second and was measured to answer 429 after a burst of about 56 (not the
#: documented 100): planned a little below both. One bucket per key, whatever the operation.
VEEQO = Contract(together=(Rate(4, _SECOND, burst=40),))


def deposco_contract(calls_per_second: Decimal = Decimal("1.6")) -> Contract:
    """Deposco publishes no limit: 1.5 to 2.8 calls a second go well, near 4 it throttles (Deposco §5).

    One bucket for the whole account, both generations, one call at a time.
    """
    return Contract(together=(Rate(int(calls_per_second * 10), 10 * _SECOND, burst=1),))


DEPOSCO = deposco_contract()


class PostgresStateStore(StateStore):
    """One bucket's state in table `call_budgets (key text primary key, state text[] not null)`.

    The row lock makes read, decide and write one step for all processes. The commit does not wait
    for the disk: after a crash of the database server the last moments may be forgotten, which
    costs a 429 at worst.
    """

    is_async = False

    _LOCKED = text(
        "SELECT state, set_config('synchronous_commit', 'off', true)"
        " FROM call_budgets WHERE key = :key FOR UPDATE"
    )
    _FIRST = text("INSERT INTO call_budgets (key, state) VALUES (:key, '{}') ON CONFLICT DO NOTHING")
    _KEEP = text("UPDATE call_budgets SET state = :state WHERE key = :key")

    def __init__(self, key: str, engine: Engine) -> None:
        self._key = key
        self._engine = engine

    def check(self, algorithm: StateAlgorithm, rates: list[Rate], now: int, weight: int) -> Decision:
        """Take `weight` at `now` (milliseconds since 1970) if the rates allow it."""
        with self._engine.begin() as connection:
            row = connection.execute(self._LOCKED, {"key": self._key}).first()
            if row is None:
                connection.execute(self._FIRST, {"key": self._key})
                row = connection.execute(self._LOCKED, {"key": self._key}).one()
            state, decision = algorithm.step(rates, self._decoded(algorithm, rates, row.state), now, weight)
            if decision.allowed:
                kept = [f"{number:d}" if isinstance(number, int) else repr(number) for number in state]
                connection.execute(self._KEEP, {"key": self._key, "state": kept})
            return decision

    def read(self, algorithm: StateAlgorithm, rates: list[Rate]) -> State:
        """The state as it is now, without a lock; for reports only."""
        with self._engine.connect() as connection:
            state = connection.scalar(
                text("SELECT state FROM call_budgets WHERE key = :key"), {"key": self._key}
            )
        return self._decoded(algorithm, rates, state or [])

    def reset(self) -> None:
        """Forget the bucket, as if it had never been used."""
        with self._engine.begin() as connection:
            connection.execute(text("DELETE FROM call_budgets WHERE key = :key"), {"key": self._key})

    @staticmethod
    def _decoded(algorithm: StateAlgorithm, rates: list[Rate], stored: list[str]) -> State:
        # A contract that gained or lost a rate since the row was written starts afresh.
        return algorithm.decode(stored) if len(stored) == len(rates) else algorithm.initial(rates)


class Budgets:
    """Spends the contracts: every call asks here before it is sent.

    Args:
        contracts: account key → its contract; an account that is missing has no limits.
        store: opens the state of a bucket by its key; default: in this process's memory.
    """

    def __init__(
        self, contracts: Mapping[str, Contract], store: Callable[[str], StateStore] | None = None
    ) -> None:
        self._contracts = contracts
        self._open = store or (lambda _key: InMemoryStateStore())
        self._stores: dict[str, StateStore] = {}
        self._algorithm = GCRA()
        self._lock = Lock()

    @classmethod
    def shared(cls, contracts: Mapping[str, Contract], engine: Engine) -> "Budgets":
        """Budgets that all processes on this database share."""
        return cls(contracts, lambda key: PostgresStateStore(key, engine))

    def wait(self, account: str, operation: str, now: datetime) -> float:
        """Ask to send one call of `operation` now.

        Returns:
            0.0 when it is granted (and taken); else the seconds after which to ask again, nothing taken.
        """
        moment = (now - _EPOCH) // timedelta(milliseconds=1)
        contract = self._contracts.get(account, Contract())
        for key, rates in (
            (f"{account}/{operation}", contract.per_operation.get(operation, ())),
            (account, contract.together),
        ):
            if not rates:
                continue
            # The store decides on its own: a StateBucket would only add its last verdict as shared
            # state, which two threads would read from one another.
            decision = self._store(key).check(self._algorithm, list(rates), moment, 1)
            if not isinstance(decision, Decision):
                raise TypeError(f"The store of {key} is asynchronous; budgets need a synchronous one.")
            if not decision.allowed:
                return max(decision.retry_after_ms or 1, 1) / 1000
        return 0.0

    def _store(self, key: str) -> StateStore:
        with self._lock:
            if key not in self._stores:
                self._stores[key] = self._open(key)
            return self._stores[key]
