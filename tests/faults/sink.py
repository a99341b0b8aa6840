"""A mail server in a process of its own: it keeps a log, and misbehaves when told to.

`Sink` starts it and tells it how to behave; the rest of this file is the server (python -m
tests.faults.sink). What it took stands in the log before it answers: a relay that has the last dot has
the e-mail, whatever becomes of the answer. Each line of the log is JSON: what, id, at, bytes, from.
"""

import asyncio
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clinic.embedded import keeper

CHECKOUT = Path(__file__).resolve().parents[2]
# How it behaves unless told otherwise. Shares are of all e-mails, 0 to 1; times are seconds.
USUAL: dict[str, Any] = {
    "answers_after": 0.02,
    "down": False,
    "later": 0.0,  # 451, at RCPT or at the dot
    "refuses": {},  # a step (MAIL, RCPT, DATA, DOT) -> the answer for everybody
    "login": "",  # the answer to AUTH, which is then asked for
    "slow_before": [0.0, 0.0],  # share, seconds before "354 go on"
    "slow_after": [0.0, 0.0],  # share, seconds before the answer to the dot
    "closes_in_data": 0.0,  # hangs up when half of the e-mail is there
    "accepts_then_drops": 0.0,  # takes it and hangs up without an answer
    "kills": "",  # kill -9 of the sender, once for each e-mail: "before" or "after" the dot
    "kills_at_most": 0,
    "tells": False,  # writes a line when an e-mail's DATA begins, with its address
    "seed": 1,
}
NOBODY = "nobody"  # a mailbox whose name begins so is not there: 550 5.1.1


class Sink:
    """The running server; `behaves(...)` changes what it does, at once."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process, self.path = process, log
        self.port = int(self._answer())

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def behaves(self, **changes: Any) -> None:
        """Returns when it does so. Unknown words are refused here."""
        assert set(changes) <= set(USUAL), changes
        assert self.process.stdin
        self.process.stdin.write(json.dumps(changes) + "\n")
        self.process.stdin.flush()
        assert self._answer() == "ok"

    def as_usual(self) -> None:
        self.behaves(**USUAL)

    def log(self) -> list[dict[str, Any]]:
        """All lines so far: what is "accepted", or the name of a fault that bit."""
        whole = self.path.read_bytes().rpartition(b"\n")[0]
        return [json.loads(line) for line in whole.splitlines()]

    def accepted(self) -> Counter[int]:
        """How many copies of each message it took, by the number in the Message-ID."""
        return Counter(number(line["id"]) for line in self.log() if line["what"] == "accepted")

    def bites(self) -> Counter[str]:
        """How often it misbehaved, by what it did."""
        return Counter(line["what"] for line in self.log())

    def _answer(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()


def number(message_id: str) -> int:
    """The row that a Message-ID stands for."""
    return int(message_id.removeprefix("<").partition(".")[0])


@contextmanager
def running(log: Path) -> Iterator[Sink]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.sink", str(log)],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=keeper.dies_with_parent(signal.SIGKILL),
    )
    try:
        yield Sink(process, log)
    finally:
        process.kill()
        process.communicate()


# --- The server ------------------------------------------------------------------------------------


class Hangup(Exception):
    """The server ends the connection without a word."""


class Server:
    def __init__(self, log: Path) -> None:
        self.log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.now = dict(USUAL)
        self.dice = random.Random(1)
        self.killed: set[str] = set()
        self.open: set[Line] = set()
        self.listener: asyncio.Server | None = None
        self.port = 0

    def write(self, what: str, line: "Line", **more: str) -> None:
        said = {"what": what, "id": line.id, "at": time.time(), "bytes": len(line.body), **more}
        os.write(self.log, json.dumps(said | {"from": line.whom}).encode() + b"\n")

    def happens(self, share: float) -> bool:
        return share > 0 and self.dice.random() < share

    async def listen(self) -> None:
        self.listener = await asyncio.start_server(
            self.dialogue, "127.0.0.1", self.port, backlog=200
        )
        self.port = self.listener.sockets[0].getsockname()[1]

    async def change(self, changes: dict[str, Any]) -> None:
        self.now |= changes
        if "seed" in changes:
            self.dice = random.Random(changes["seed"])
        if self.now["down"] and self.listener:
            self.listener.close()
            self.listener = None
            for line in self.open:
                if not line.has_the_dot:  # what it has, it answers
                    line.writer.transport.abort()
        elif not self.now["down"] and not self.listener:
            await self.listen()

    async def dialogue(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = Line(self, reader, writer)
        self.open.add(line)
        try:
            await line.talk()
        except (Hangup, ConnectionError, asyncio.IncompleteReadError):
            writer.transport.abort()
        finally:
            self.open.discard(line)
            writer.close()


class Line:
    """One connection, and the e-mail that it is about just now."""

    def __init__(self, server: Server, reader: Any, writer: Any) -> None:
        self.server, self.reader, self.writer = server, reader, writer
        self.whom, self.id, self.to, self.body = "", "", "", b""
        self.has_the_dot = False

    async def say(self, words: str) -> None:
        self.writer.write(words.encode() + b"\r\n")
        await self.writer.drain()

    async def talk(self) -> None:
        await self.say("220 sink")
        while command := (await self.reader.readline()).decode("utf-8", "replace").strip():
            word = command.split(" ")[0].upper()
            if word == "QUIT":
                await self.say("221 Bye")
                return
            await self.say(await self.answer(word, command))
            self.has_the_dot = False
            if self.server.now["down"]:
                raise Hangup

    async def answer(self, word: str, command: str) -> str:
        now = self.server.now
        if word == "EHLO":
            self.whom = command.partition(" ")[2]
            return "250-sink\r\n250-AUTH PLAIN\r\n250 8BITMIME" if now["login"] else "250 sink"
        if word == "AUTH":
            if now["login"].startswith("5"):
                self.server.write("login refused", self)
            return str(now["login"])
        if word in now["refuses"]:
            self.server.write("refused", self)
            return now["refuses"][word]
        if word == "RCPT":
            self.to = command.partition("<")[2].partition(">")[0]
            if self.to.startswith(NOBODY):
                self.server.write("no mailbox", self)
                return "550 5.1.1 No such mailbox"
            if self.server.happens(now["later"] / 2):
                self.server.write("later", self)
                return "451 4.3.0 Later"
        if word == "DATA":
            return await self.data()
        return "250 OK"

    async def data(self) -> str:
        now, happens = self.server.now, self.server.happens
        if now["tells"]:
            self.server.write("data", self, to=self.to)
        share, seconds = now["slow_before"]
        if happens(share):
            self.server.write("slow before", self)
            await asyncio.sleep(seconds)
        await self.say("354 Go on")
        await self.read_body(half_only=happens(now["closes_in_data"]))
        if "DOT" in now["refuses"]:
            self.server.write("refused", self)
            return str(now["refuses"]["DOT"])
        if happens(now["later"] / 2):
            self.server.write("later", self)
            return "451 4.3.0 Later"
        self.server.write("accepted", self)
        self.kill_if_told("after")
        if happens(now["accepts_then_drops"]):
            self.server.write("dropped", self)
            raise Hangup
        share, seconds = now["slow_after"]
        if happens(share):
            self.server.write("slow after", self)
            await asyncio.sleep(seconds)
        await asyncio.sleep(now["answers_after"])
        return "250 Taken"

    async def read_body(self, *, half_only: bool) -> None:
        """Up to the last dot; without it nothing has been handed over."""
        self.body, self.id = b"", ""
        while not self.body.endswith(b"\r\n.\r\n"):
            chunk = await self.reader.read(65536)
            if not chunk:
                raise Hangup
            self.body += chunk
            if not self.id and (found := re.search(rb"(?im)^Message-ID:\s*(\S+)", self.body)):
                self.id = found[1].decode()
            if half_only and self.id:
                self.server.write("closed in data", self)
                raise Hangup
            if self.is_whole():
                self.kill_if_told("before")
        self.has_the_dot = True

    def is_whole(self) -> bool:
        """Whether all but the last dot is there: the closing line of the outermost part."""
        found = re.search(rb'(?i)boundary="([^"]+)"', self.body)
        return bool(found) and self.body.endswith(b"--" + found[1] + b"--\r\n")

    def kill_if_told(self, when: str) -> None:
        now, killed = self.server.now, self.server.killed
        if now["kills"] == when and self.id not in killed and len(killed) < now["kills_at_most"]:
            killed.add(self.id)
            os.kill(int(self.whom.rpartition("-")[2]), signal.SIGKILL)
            self.server.write(f"killed {when}", self)


async def main(log: Path) -> None:
    server = Server(log)
    await server.listen()
    _say(server.port)
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(orders), sys.stdin
    )
    while order := await orders.readline():
        await server.change(json.loads(order))
        _say("ok")


def _say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
