"""A warehouse and shops that can do nothing but answer prepared bytes, in a process of their own.

Deposco's full inventory (§10.1) and the shops' stock imports and offer exports (Mirakl §5), so that a slow
other side flatters nobody. `python -m benchmarks.stock.far_side COUNT` prints its port and serves until its
standard input ends. `POST /control/change?at=MOMENT` moves the units of one SKU in a hundred first.

Surprising: a shop remembers only its last import and its last export; a differential export answers
exactly the former.
"""

import asyncio
import csv
import io
import json
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from random import Random
from urllib.parse import parse_qs, urlsplit

from benchmarks import other_side

SHOPS = ("north", "south", "east", "west", "coast")
ROWS_PER_PAGE = 999
CHANGED_IN = 100  # one SKU of so many moves at once
_INVENTORY = "/depot/inventory/full"
_LEAST, _MOST = 20, 200  # units: no figure falls to zero, so that no brake stops a push


def sku(number: int) -> str:
    return f"SKU-{number:06d}"


class Depot:
    """The warehouse's balances, rendered page by page after every change."""

    def __init__(self, count: int) -> None:
        self._random = Random(count)
        self._units = [self._random.randint(_LEAST, _MOST) for _ in range(count)]
        self._changed: Sequence[int] = ()
        self._changed_at = ""
        self._render()

    def change(self, at: str) -> None:
        self._changed_at = at
        wanted = max(len(self._units) // CHANGED_IN, 1)
        self._changed = sorted(self._random.sample(range(len(self._units)), wanted))
        for number in self._changed:
            self._units[number] = _LEAST + (self._units[number] - _LEAST + 7) % (_MOST - _LEAST + 1)
        self._render()

    def page(self, number: int, since: str | None) -> bytes:
        pages = self._full if since is None else self._delta if since <= self._changed_at else ()
        return pages[number - 1] if number <= len(pages) else b"null"

    def _render(self) -> None:
        self._full = self._pages(range(len(self._units)))
        self._delta = self._pages(self._changed)

    def _pages(self, numbers: Sequence[int]) -> list[bytes]:
        return [
            b'{"itemInventory":[%b]}' % b",".join(map(self._row, numbers[start : start + ROWS_PER_PAGE]))
            for start in range(0, len(numbers), ROWS_PER_PAGE)
        ]

    def _row(self, number: int) -> bytes:
        units = self._units[number]
        return (
            f'{{"itemNumber":"{sku(number)}","facilityInventory":[{{"facility":"DC1","inventory":'
            f'{{"total":"{units + 5}.0","availableToPromise":"{units}.0","unallocated":"{units}.0",'
            '"allocated":"5.0"}}]}'
        ).encode()


class Shop:
    """One marketplace's offers, all at zero until they are told otherwise."""

    def __init__(self, count: int) -> None:
        self._all = {sku(number): 0 for number in range(count)}
        self._last: list[str] = []
        self._export: list[bytes] = []

    def take(self, body: bytes) -> dict[str, str]:
        file = body.partition(b"\r\n\r\n")[2].rpartition(b"\r\n--")[0].decode()
        rows = list(csv.reader(io.StringIO(file), delimiter=";"))[1:]
        self._all.update((row[0], int(row[1])) for row in rows)
        self._last = [row[0] for row in rows]
        return {"import_id": "1"}

    def export(self, asked: dict[str, object]) -> dict[str, str]:
        skus = self._last if "last_request_date" in asked else list(self._all)
        size = int(str(asked.get("items_per_chunk", 100_000)))
        self._export = [
            b"[%b]" % b",".join(map(self._row, skus[start : start + size]))
            for start in range(0, max(len(skus), 1), size)
        ]
        return {"tracking_id": "1"}

    def export_status(self) -> dict[str, object]:
        files = range(len(self._export))
        urls = [f"http://files.invalid/api/offers/export/file/{number}" for number in files]
        return {"status": "COMPLETED", "urls": urls}

    def offer(self, name: str) -> bytes:
        return b'{"offers":[%b],"total_count":1}' % self._row(name)

    def exported(self, number: int) -> bytes:
        return self._export[number]

    def _row(self, name: str) -> bytes:
        return (
            f'{{"offer_id":{int(name[4:]) + 1},"shop_sku":"{name}","product_sku":"P-{name}","product_title":'
            f'"Article {name}","state_code":"11","quantity":{self._all[name]},"active":true,"deleted":false,'
            '"currency_iso_code":"EUR","leadtime_to_ship":2,"prices":[{"channel_code":null,"unit_origin_price"'
            ':20.0,"volume_prices":[{"quantity_threshold":1,"unit_origin_price":20.0}]}],"channels":[]}'
        ).encode()


class FarSide:
    """All accounts behind one port, by the first part of the path."""

    def __init__(self, count: int) -> None:
        self.depot = Depot(count)
        self.shops = {name: Shop(count) for name in SHOPS}

    def answer(self, method: str, target: str, body: bytes) -> bytes:
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        if path == _INVENTORY:
            return self.depot.page(int(query["pageNo"][0]), query.get("startActivityTime", [None])[0])
        if path == "/control/change":
            self.depot.change(query["at"][0])
            return b"{}"
        if path == "/bare/imports":
            return b'{"import_id":"1"}'
        _, account, below = path.split("/", 2)
        if below == "api/offers":
            return self.shops[account].offer(query["sku"][0])
        return self._of_imports_and_exports(self.shops[account], method, below, body)

    @staticmethod
    def _of_imports_and_exports(shop: Shop, method: str, path: str, body: bytes) -> bytes:
        if path == "api/offers/stock/imports":
            return json.dumps(shop.take(body)).encode()
        if path.startswith("api/offers/stock/imports/"):
            counts = {"lines_in_error": 0, "has_error_report": False}
            return json.dumps({"import_id": "1", "status": "COMPLETE"} | counts).encode()
        if method == "POST":
            return json.dumps(shop.export(json.loads(body))).encode()
        if "/status/" in path:
            return json.dumps(shop.export_status()).encode()
        return shop.exported(int(path.rpartition("/")[2]))


class _Door(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self, far_side: FarSide) -> None:
        self._far_side = far_side
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (head_ends := self._received.find(b"\r\n\r\n")) >= 0:
            first, *fields = self._received[:head_ends].decode("latin-1").split("\r\n")
            lengths = [field[15:] for field in fields if field.lower().startswith("content-length:")]
            ends = head_ends + 4 + (int(lengths[0]) if lengths else 0)
            if len(self._received) < ends:
                return
            body, self._received = bytes(self._received[head_ends + 4 : ends]), self._received[ends:]
            method, target, _ = first.split(" ")
            answer = self._far_side.answer(method, target, body)
            assert isinstance(self._transport, asyncio.Transport)
            head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
            self._transport.write(head % len(answer) + answer)


async def _serve(count: int) -> None:
    far_side, loop = FarSide(count), asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Door(far_side), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await loop.run_in_executor(None, sys.stdin.read)


def serving(count: int) -> AbstractContextManager[str]:
    """The address of a warehouse with `count` SKUs and of the shops that list them."""
    return other_side.serving("benchmarks.stock.far_side", count)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
