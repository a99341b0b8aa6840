"""Clients that cost little: raw sockets, kept open, with requests that were made beforehand."""

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

END_OF_HEAD = b"\r\n\r\n"
PATIENCE = 60.0  # seconds


def address_of(url: str) -> tuple[str, int]:
    where = urlsplit(url)
    return str(where.hostname), int(where.port or 80)


def get(path: str) -> bytes:
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
        "X-Forwarded-For: 198.51.100.7\r\n\r\n"
    ).encode()


def post(path: str, body: bytes, *, ip: str) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
        f"X-Forwarded-For: {ip}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Client:
    """One connection and the answer that it is reading."""

    def __init__(self, address: tuple[str, int], requests: Iterator[bytes]) -> None:
        self.address = address
        self.requests = requests
        self.line = self._connect()

    def _connect(self) -> socket.socket:
        line = socket.create_connection(self.address, timeout=PATIENCE)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return line

    def connect_anew(self) -> None:
        self.line.close()
        self.line = self._connect()

    def send(self) -> bool:
        """Send the next request; False when there is none left."""
        request = next(self.requests, None)
        if request is None:
            return False
        self.read, self.needed = b"", 0
        self.sent_at = time.perf_counter()
        self.line.sendall(request)
        return True

    def receive(self) -> bool:
        """Read what has come; True when the answer is whole."""
        part = self.line.recv(262_144)
        if not part:
            raise ConnectionError(f"the server closed the connection after {self.read[:200]!r}")
        self.read += part
        if not self.needed:
            head = self.read.find(END_OF_HEAD)
            if head < 0:
                return False
            self.needed = head + 4 + _length(self.read[:head].lower())
        return len(self.read) >= self.needed

    @property
    def status(self) -> int:
        return int(self.read[9:12])

    @property
    def body(self) -> bytes:
        return self.read.partition(END_OF_HEAD)[2]

    @property
    def closes(self) -> bool:
        return b"connection: close" in self.read[:1000].lower()


def _length(head: bytes) -> int:
    start = head.index(b"content-length:") + 15
    end = head.find(b"\r\n", start)
    return int(head[start : end if end > 0 else None])


@dataclass(frozen=True)
class Answer:
    """What one client was told, and after how many seconds."""

    status: int
    body: bytes
    seconds: float


def ask_at_once(url: str, requests: Sequence[bytes]) -> list[Answer]:
    """One client for each request, connected beforehand; all send within a millisecond or two."""
    clients = [Client(address_of(url), iter([request])) for request in requests]
    answers: dict[Client, Answer] = {}
    with selectors.DefaultSelector() as waiting:
        for client in clients:
            waiting.register(client.line, selectors.EVENT_READ, client)
        for client in clients:
            client.send()
        while len(answers) < len(clients):
            ready = waiting.select(timeout=PATIENCE)
            assert ready, f"{len(clients) - len(answers)} clients were never answered"
            for key, _events in ready:
                client = key.data
                if client.receive():
                    seconds = time.perf_counter() - client.sent_at
                    answers[client] = Answer(client.status, client.body, seconds)
                    waiting.unregister(client.line)
                    client.line.close()
    return [answers[client] for client in clients]
