"""The integration's round of work in one process, without Dagster: read both sides, work every queue.

`demo --headless`, `rehearse` and simulations repeat it on a clock that is not the wall's. Dagster's
sensors and jobs call the same parts, each on its own schedule.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from integration_pipelines.clock import Clock
from integration_pipelines.integration import Integration
from integration_pipelines.remote import RemoteError

log = logging.getLogger(__name__)

ROUND_SECONDS = 60
READ_PATIENCE = 5.0  # seconds a round waits for this minute's read; the one before may have come late


@dataclass
class Rounds:
    """Repeats the round.

    Args:
        clock: paces the rounds; `sleep` lets the rest of the minute pass.
        next_minute: called after each round with the seconds left of its minute; default: sleep.
    """

    integration: Integration
    clock: Clock
    next_minute: Callable[[float], None] | None = None

    def run(self, duration: timedelta) -> Iterator[datetime]:
        """Work for `duration`; yields the time at the end of every round."""
        end = self.clock.now() + duration
        while (started := self.clock.now()) < end:
            self.one()
            spent = (self.clock.now() - started).total_seconds()
            (self.next_minute or self.clock.sleep)(max(0.0, ROUND_SECONDS - spent))
            yield self.clock.now()

    def one(self) -> None:
        """One round. A failing account is shown by its exception and does not stop the others."""
        self.read()
        self.work()

    def read(self) -> None:
        """What the sensors do: read both sides; channels that accept first answer at once.

        Marketplaces come first, so that no acceptance waits for a warehouse that does not answer (M3).
        """
        for key in self.integration.order_intakes:
            read = partial(self.integration.tick, key, patience=READ_PATIENCE)
            self._try(f"reading marketplace {key}", read)
        for key, intake in self.integration.warehouse_intakes.items():
            self._try(f"reading warehouse {key}", intake.read_changes)
        for key, carriers in self.integration.carrier_intakes.items():
            self._try(f"reading carriers of {key}", carriers.read)
        for key, parcels in self.integration.dispatch_intakes.items():
            self._try(f"reading parcels of {key}", parcels.read)
        self.integration.store_call_counts()

    def work(self) -> None:
        """What the runs do: work every channel's queue, tell what left, then what may be sold."""
        for key in self.integration.order_work:
            self._try(f"working channel {key}", partial(self.integration.work, key))
        for key in self.integration.dispatch_work:
            self._try(f"telling dispatches of {key}", partial(self.integration.dispatch, key))
        told = {
            key: channel
            for key, channel in self.integration.channels.channels.items()
            if channel.stock.enabled
        }
        for key in dict.fromkeys(channel.marketplace for channel in told.values()):
            self._try(f"reading offers of {key}", self.integration.offer_intakes[key].read_all)
        for key in dict.fromkeys(channel.warehouse for channel in told.values()):
            self._try(f"reading stock of {key}", self.integration.stock_intakes[key].read)
        for key in told:
            self._try(f"telling stock of {key}", self.integration.stock_work[key].work)
        self._handle_returns()
        self.integration.store_call_counts()

    def _handle_returns(self) -> None:
        """Read what came back, on both sides, then announce and refund; a side that fails stops no other."""
        parts = self.integration
        handled = {key: each for key, each in parts.channels.channels.items() if each.returns.enabled}
        for key in dict.fromkeys(channel.marketplace for channel in handled.values()):
            intake = parts.return_intakes[key]
            if intake.is_due():
                self._try(f"reading returns of {key}", intake.read)
            self._try(f"taking refunds of {key}", intake.take_refunds)
        for key in dict.fromkeys(channel.warehouse for channel in handled.values()):
            desk = parts.warehouse_return_intakes[key]
            if desk.is_due():
                self._try(f"reading returns of {key}", desk.read)
        for key in handled:
            self._try(f"handling returns of {key}", parts.return_work[key].work)

    def _try(self, what: str, call: Callable[[], object]) -> None:
        try:
            call()
        except RemoteError as error:
            log.warning("%s: %s", what, error)
