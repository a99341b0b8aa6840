"""Keep one server running while anybody holds its lock; stop it when the last holder has ended.

Run by its path under `python -I`, so that it imports nothing but the standard library: it must live on
when the project's code is broken, and must not run the project's start-up.
"""

import ctypes
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

LOOKS_EVERY = 0.2  # seconds
MAY_START_FOR = 60.0  # seconds; recovering after a power cut takes some
MAY_BE_HELD_FOR = 5.0  # seconds; the server of a keeper that was killed needs a moment to go
HELD = ('postmaster.pid" already exists', "is still in use")  # PostgreSQL's words for that
MAY_STOP_FOR = 20.0  # seconds
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Server:
    """How to run one server, and how to ask it over its socket whether it is there."""

    name: str
    command: tuple[str, ...]
    socket: str
    hello: str  # hex
    answer: str  # hex: how the reply of a server that is ready begins
    stop_signal: int
    log: str
    used: str  # shared lock of everyone who uses the server
    kept: str  # exclusive lock of its keeper
    uid: int | None
    gid: int | None

    def as_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Server":
        values = json.loads(text)
        values["command"] = tuple(values["command"])
        return cls(**values)

    def answers(self) -> bool:
        """Whether the server is ready for work."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(2)
            try:
                line.connect(self.socket)
                line.sendall(bytes.fromhex(self.hello))
                expected = bytes.fromhex(self.answer)
                return line.recv(len(expected), socket.MSG_WAITALL) == expected
            except OSError:
                return False


def dies_with_parent(number: int) -> Callable[[], None]:
    """For preexec_fn: the kernel sends this signal when the parent ends, even by kill -9 (Linux)."""
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def ask() -> None:
        if sys.platform == "linux":
            libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return ask


def start(server: Server) -> subprocess.Popen[bytes]:
    with open(server.log, "ab") as log:
        return subprocess.Popen(  # noqa: S603 (our own command)
            server.command,
            cwd="/",
            env={"PATH": os.defpath, "LANG": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            user=server.uid,
            group=server.gid,
            extra_groups=None if server.uid is None else [],
            preexec_fn=dies_with_parent(server.stop_signal),
        )


def start_and_wait(server: Server) -> subprocess.Popen[bytes] | None:
    """The running server once it answers, or None when it ends instead."""
    began = time.monotonic()
    process = start(server)
    while not server.answers():
        waited = time.monotonic() - began
        if process.poll() is not None:
            said = Path(server.log).read_text(encoding="utf-8", errors="replace")
            if waited > MAY_BE_HELD_FOR or not any(words in said for words in HELD):
                return None
            time.sleep(LOOKS_EVERY)
            process = start(server)
        elif waited > MAY_START_FOR:
            stop(process, server)
            return None
        time.sleep(0.02)
    return process


def stop(process: subprocess.Popen[bytes], server: Server) -> None:
    process.send_signal(server.stop_signal)
    try:
        process.wait(MAY_STOP_FOR)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def nobody_left(used: int) -> bool:
    try:
        fcntl.flock(used, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def keep(server: Server) -> int:
    """Start, report "ready" on standard output, watch, stop. Returns the exit code."""
    kept = os.open(server.kept, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(kept, fcntl.LOCK_EX)
    used = os.open(server.used, os.O_RDWR | os.O_CREAT, 0o600)
    told_to_stop: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: told_to_stop.append(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    process = start_and_wait(server)
    if process is None:
        return 1
    os.write(sys.stdout.fileno(), b"ready\n")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    while not told_to_stop and not nobody_left(used):
        if process.poll() is not None:  # killed: start it again, and again
            process = start_and_wait(server) or process
        time.sleep(LOOKS_EVERY)
    stop(process, server)
    # First this lock, then (by ending) the other: who waits to use the server must find it unkept.
    os.close(kept)
    return 0


if __name__ == "__main__":
    sys.exit(keep(Server.from_json(Path(sys.argv[1]).read_text(encoding="utf-8"))))
