"""A marketplace that can do nothing but answer prepared pages of OR11, in a process of its own.

Every page is a string of bytes made before the first request, so that its cost does not slow either
reader. `python -m benchmarks.orders.page_server COUNT SEED` prints its port and serves until
its standard input ends, that is, for as long as whoever started it lives.

Surprising: the orders come straight from the sandbox's book, not through its web interface, which
would select and sort all of them again for every page.
"""

import asyncio
import re
import sys
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from random import Random

from benchmarks import other_side
from integration_pipelines.clock import ManualClock
from integration_pipelines.sandbox import Sandbox
from integration_pipelines.sandbox.business import DEMO_MARKETPLACES, Business, Enforcement
from integration_pipelines.sandbox.mirakl.render import order_bytes

ROWS_PER_PAGE = 100
START = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
MARKETPLACE = DEMO_MARKETPLACES[0]
# A read after an outage finds orders of all ages; most are released and show their addresses.
_STATES = {"WAITING_ACCEPTANCE": 25, "WAITING_DEBIT": 10, "SHIPPING": 60, "CANCELED": 5}
_OFFSET = re.compile(rb"[?&]offset=(\d+)")


def prepared_pages(count: int, seed: int) -> list[bytes]:
    """`count` orders as OR11's pages, oldest first."""
    business = Business(
        seed=seed,
        start=START,
        marketplaces=(MARKETPLACE,),
        orders_per_day=0,
        enforcement=Enforcement.OFF,
    )
    sandbox, random = Sandbox(business, ManualClock(START)), Random(seed)
    states = random.choices(list(_STATES), list(_STATES.values()), k=count)
    for number, state in enumerate(states):
        placed_at = START - timedelta(days=2) + timedelta(seconds=number)
        sandbox.place_order(MARKETPLACE.key, state=state, placed_at=placed_at)
    orders = [
        order_bytes(order, MARKETPLACE)
        for order in sandbox.marketplaces[MARKETPLACE.key].shop.book.orders.values()
    ]
    return [
        b'{"orders":[%b],"total_count":%d}' % (b",".join(orders[start : start + ROWS_PER_PAGE]), count)
        for start in range(0, max(count, 1), ROWS_PER_PAGE)
    ]


class _Door(asyncio.Protocol):
    """One keep-alive connection; asks for an offset, gets the page that begins there."""

    def __init__(self, answers: dict[int, bytes]) -> None:
        self._answers = answers
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            found = _OFFSET.search(head.partition(b"\r\n")[0])
            assert isinstance(self._transport, asyncio.Transport)
            self._transport.write(self._answers[int(found[1]) if found else 0])


async def _serve(count: int, seed: int) -> None:
    answers = {
        number * ROWS_PER_PAGE: b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\n\r\n%b" % (len(page), page)
        for number, page in enumerate(prepared_pages(count, seed))
    }
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Door(answers), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await loop.run_in_executor(None, sys.stdin.read)


def serving(count: int, seed: int = 1) -> AbstractContextManager[str]:
    """The address of a page server with `count` orders."""
    return other_side.serving("benchmarks.orders.page_server", count, seed)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
