"""The load: one process that keeps many connections busy, each waiting for its answer.

`python -m scripts.bench.load` reads an Order as JSON from standard input and prints a Result. It
needs the standard library only and costs some tens of microseconds per request: raw sockets, one
epoll, prepared bytes. A connection plays a flow again and again: one request, or a whole checkout.
"""

import json
import re
import select
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, dataclass, field
from itertools import count
from random import Random
from typing import Any

Flow = Generator[bytes, tuple[int, bytes], bool]
"""Yields requests, is sent (status, body), and returns whether everything was as it should be."""

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_CLOSES = re.compile(rb"(?i)\r\nconnection: *close")
_ORDER_ID = re.compile(rb'"id":"(ord_[0-9a-f]{32})"')
_TOTAL = re.compile(rb'"total_fen":(\d+)')
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Order:
    """What to do: so many clients, a flow and its arguments, until the time or the number is up."""

    port: int
    flow: str
    clients: int
    seconds: float = 3600
    flows: int | None = None
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """What came of it; times of whole flows in milliseconds."""

    flows: int
    requests: int
    errors: int
    seconds: float
    per_second: float
    p50_ms: float
    p99_ms: float
    statuses: dict[str, int]


def get(chance: Random, *, paths: list[str]) -> Iterator[Callable[[], Flow]]:
    """Read pages, one after the other."""
    asked = [_request("GET", path) for path in paths]

    def read(request: bytes) -> Flow:
        status, _ = yield request
        return status == 200

    for number in count(chance.randrange(len(asked))):
        yield lambda number=number: read(asked[number % len(asked)])  # type: ignore[misc]


def checkout(
    chance: Random,
    *,
    group_buy_id: str,
    tokens: list[str],
    sku_ids: list[str],
    lines: int,
    sure: str | None = None,
) -> Iterator[Callable[[], Flow]]:
    """Buy some lines: quote, place, pay. With `sure`, the total, only place."""

    def buy() -> Flow:
        token = chance.choice(tokens)
        basket = [{"sku_id": sku_ids[n], "quantity": 1} for n in picks(chance, lines, len(sku_ids))]
        body: dict[str, Any] = {"group_buy_id": group_buy_id, "lines": basket}
        total = sure
        if total is None:
            status, answer = yield _request("POST", "/api/v1/quotes", token, body)
            found = _TOTAL.search(answer)
            if status != 200 or found is None:
                return False
            total = found.group(1).decode()
        key = f"{chance.getrandbits(128):032x}"
        body["quote_total_fen"] = int(total)
        status, answer = yield _request("POST", "/api/v1/orders", token, body, key)
        if sure is not None or status != 201:
            return status in (201, 409)
        order = _ORDER_ID.search(answer)
        assert order is not None, "an order has an id"
        path = f"/api/v1/orders/{order.group(1).decode()}/payment"
        status, _ = yield _request("POST", path, token, {}, f"{chance.getrandbits(128):032x}")
        return status == 200

    while True:
        yield buy


def replay(
    chance: Random, *, paths: list[str], shoppers: int, skus: int, lines: int
) -> Iterator[Callable[[], Flow]]:
    """Ask the smallest views to do a checkout's SQL for somebody, with new ids."""

    def play() -> Flow:
        body = {
            "nonce": chance.getrandbits(62),
            "shopper": chance.randrange(shoppers),
            "skus": picks(chance, lines, skus),
        }
        for path in paths:
            status, _ = yield _request("POST", path, None, body)
            if status != 200:
                return False
        return True

    while True:
        yield play


FLOWS: dict[str, Callable[..., Iterator[Callable[[], Flow]]]] = {
    "get": get,
    "checkout": checkout,
    "replay": replay,
}


def picks(chance: Random, lines: int, of: int) -> list[int]:
    """Choose some different numbers below `of`, ascending: one of each part of them."""
    part = of // lines
    first = chance.randrange(part)
    return [first + part * line for line in range(lines)]


def _request(
    method: str, path: str, token: str | None = None, body: Any = None, key: str | None = None
) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept-Language: zh-CN"]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    if key is not None:
        lines.append(f"Idempotency-Key: {key}")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content


class Client:
    """One connection and the flow it is in."""

    def __init__(self, port: int, flows: Iterator[Callable[[], Flow]]) -> None:
        self._port = port
        self._flows = flows
        self._received = bytearray()
        self._expected = 0
        self._body_at = 0
        self._connect()

    def _connect(self) -> None:
        self.renewed = True
        self.socket = socket.create_connection(("127.0.0.1", self._port), PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def begin(self) -> None:
        """Start the next flow."""
        self._flow = next(self._flows)()
        self.began = time.perf_counter()
        self.socket.sendall(next(self._flow))

    def read(self) -> tuple[int, bytes] | None:
        """Take what has come; return status and body once the answer is complete."""
        part = self.socket.recv(262_144)
        if not part:
            raise ConnectionError("the server closed the connection")
        self._received += part
        if not self._expected:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return None
            length = _LENGTH.search(self._received, 0, end + 2)
            self._body_at = end + 4
            self._expected = self._body_at + (int(length.group(1)) if length else 0)
        if len(self._received) < self._expected:
            return None
        answer = int(self._received[9:12]), bytes(self._received[self._body_at : self._expected])
        if _CLOSES.search(self._received, 0, self._body_at):
            self.socket.close()
            self._connect()
        self._received.clear()
        self._expected = 0
        return answer

    def go_on(self, answer: tuple[int, bytes]) -> bool | None:
        """Send the flow's next request; return how it ended if it did."""
        try:
            self.socket.sendall(self._flow.send(answer))
        except StopIteration as end:
            return bool(end.value)
        return None


class Run:
    """All clients of one order, and what they have seen."""

    def __init__(self, order: Order) -> None:
        flows = FLOWS[order.flow]
        self._order = order
        self._clients = [
            Client(order.port, flows(Random(), **order.arguments)) for _ in range(order.clients)
        ]
        self._by_socket: dict[int, Client] = {}
        self._epoll = select.epoll()
        for client in self._clients:
            self._listen_to(client)
        self._left = order.flows if order.flows is not None else sys.maxsize
        self._times: list[float] = []
        self._statuses: Counter[str] = Counter()
        self._errors = 0

    def go(self) -> Result:
        """Keep every client busy until the order is done, let them finish, and report."""
        began = time.perf_counter()
        self._until = began + self._order.seconds
        busy = {client for client in self._clients if self._starts(client)}
        while busy:
            ready = self._epoll.poll(PATIENCE_SECONDS)
            if not ready:
                raise TimeoutError(f"no answer within {PATIENCE_SECONDS} s")
            for number, _ in ready:
                client = self._by_socket[number]
                if not self._hear(client):
                    busy.discard(client)
        return self._result(time.perf_counter() - began)

    def _starts(self, client: Client) -> bool:
        if self._left <= 0 or time.perf_counter() >= self._until:
            return False
        self._left -= 1
        client.begin()
        return True

    def _hear(self, client: Client) -> bool:
        """Take what came for a client; tell whether it is still busy."""
        answer = client.read()
        if client.renewed:
            self._listen_to(client)
        if answer is None:
            return True
        self._statuses[str(answer[0])] += 1
        well = client.go_on(answer)
        if well is None:
            return True
        self._times.append(time.perf_counter() - client.began)
        self._errors += not well
        return self._starts(client)

    def _listen_to(self, client: Client) -> None:
        """Listen to a client's new connection; the kernel has forgotten a closed one."""
        client.renewed = False
        self._by_socket[client.socket.fileno()] = client
        self._epoll.register(client.socket.fileno(), select.EPOLLIN)

    def _result(self, seconds: float) -> Result:
        times = sorted(self._times) or [0.0]
        return Result(
            flows=len(self._times),
            requests=self._statuses.total(),
            errors=self._errors,
            seconds=round(seconds, 3),
            per_second=round(len(self._times) / seconds, 1),
            p50_ms=round(times[len(times) // 2] * 1000, 2),
            p99_ms=round(times[int(len(times) * 0.99)] * 1000, 2),
            statuses=dict(self._statuses),
        )


def main() -> int:
    """Do what standard input says."""
    result = Run(Order(**json.loads(sys.stdin.read()))).go()
    print(json.dumps(asdict(result)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
