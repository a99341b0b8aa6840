"""Mail relays that take everything, each in a process of its own: the bench measures who sends.

BARE answers at once without looking at what is said; AIOSMTPD is a real server, the one that tests use.
"""

import asyncio
import logging
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from aiosmtpd.smtp import SMTP, Envelope, Session

BARE, AIOSMTPD = "bare", "aiosmtpd"
_fork = multiprocessing.get_context("fork")


class _Taking(asyncio.Protocol):
    """One connection, as RFC 5321 wants it, without looking at what is said."""

    def __init__(self, taken: list[int]) -> None:
        self.taken = taken
        self.kept, self.is_text = b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.out: asyncio.Transport = transport  # type: ignore[assignment]
        self.out.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.kept += data
        while self._took_one():
            pass

    def _took_one(self) -> bool:
        """One command, or one e-mail, off what has arrived; False until it is whole."""
        end = b"\r\n.\r\n" if self.is_text else b"\r\n"
        at = self.kept.find(end)
        if at < 0:
            return False
        said, self.kept = self.kept[: at + 2], self.kept[at + len(end) :]
        if self.is_text:
            self.is_text = False
            self.taken[0] += 1
            self.taken[1] += len(said)
            self.out.write(b"250 Taken\r\n")
        else:
            self._answer(said[:4].upper())
        return True

    def _answer(self, command: bytes) -> None:
        self.is_text = command == b"DATA"
        if command == b"QUIT":
            self.out.write(b"221 Bye\r\n")
            self.out.close()
        else:
            self.out.write(b"354 Go on\r\n" if self.is_text else b"250 OK\r\n")


class Sink:
    """The relay as the bench sees it: its port and process id, and what it has taken."""

    def __init__(self, port: int, pid: int, line: Connection) -> None:
        self.port, self.pid, self._line = port, pid, line

    def taken(self) -> tuple[int, int]:
        """How many e-mails, and how many bytes of them."""
        self._line.send("?")
        e_mails, size = self._line.recv()
        return e_mails, size


@contextmanager
def sink(kind: str) -> Iterator[Sink]:
    """A relay of that kind."""
    ours, its = _fork.Pipe()
    process = _fork.Process(target=_run, args=[its, kind], daemon=True)
    process.start()
    try:
        assert process.pid is not None
        yield Sink(ours.recv(), process.pid, ours)
    finally:
        process.terminate()
        process.join()


def _run(line: Connection, kind: str) -> None:
    logging.disable()  # aiosmtpd tells of each command
    asyncio.run(_serve(line, kind))


class _Keeps:
    """What aiosmtpd does with an e-mail: it is counted."""

    def __init__(self, taken: list[int]) -> None:
        self.taken = taken

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.taken[0] += 1
        self.taken[1] += len(envelope.original_content or b"")
        return "250 Taken"


async def _serve(line: Connection, kind: str) -> None:
    taken = [0, 0]
    loop = asyncio.get_running_loop()
    speaks = {BARE: lambda: _Taking(taken), AIOSMTPD: lambda: SMTP(_Keeps(taken), loop=loop)}
    server = await loop.create_server(speaks[kind], "127.0.0.1", 0)
    loop.add_reader(line.fileno(), lambda: (line.recv(), line.send(tuple(taken))))
    line.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()
