"""Hold a server: a shared lock that this process and its forks keep until they end."""

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

from clinic.embedded import keeper
from clinic.embedded.places import EmbeddedError, Place
from clinic.embedded.servers import Embedded

OTHERS_SHOW_WITHIN = 1.0  # seconds; a keeper looks five times in that time

# What this process holds, by server: the open lock file. While it is open the server stays.
_held: dict[keeper.Server, int] = {}
_keepers: list[subprocess.Popen[bytes]] = []


def _open(path: str | Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _is_kept(path: str) -> bool:
    kept = _open(path)
    try:
        fcntl.flock(kept, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(kept)
    return False


def _start_keeper(place: Place, embedded: Embedded) -> None:
    server = embedded.server
    Path(server.log).write_bytes(b"")
    orders = place.folder / f"{server.name}.json"
    orders.write_text(server.as_json(), encoding="utf-8")
    process = subprocess.Popen(  # noqa: S603 (our own program)
        [sys.executable, "-I", keeper.__file__, str(orders)],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdout is not None  # noqa: S101 (for mypy; PIPE above)
    with process.stdout:
        ready = process.stdout.readline() == b"ready\n"
    if not ready:
        process.wait()
        raise embedded.explain(Path(server.log).read_text(encoding="utf-8", errors="replace"))
    _keepers.append(process)


def hold(place: Place, embedded: Embedded) -> None:
    """Start the server, or join those who did, and hold it until this process and its forks end."""
    server = embedded.server
    if server in _held:
        return
    used = _open(server.used)
    fcntl.flock(used, fcntl.LOCK_SH)  # waits while a keeper is stopping the server
    starting = _open(place.folder / f"{server.name}.starting")
    try:
        fcntl.flock(starting, fcntl.LOCK_EX)
        if not _is_kept(server.kept):
            embedded.prepare()
            _start_keeper(place, embedded)
        _wait_until_it_answers(embedded)
    except BaseException:
        os.close(used)
        raise
    finally:
        os.close(starting)
    _held[server] = used


def _wait_until_it_answers(embedded: Embedded) -> None:
    until = time.monotonic() + keeper.MAY_START_FOR
    while not embedded.server.answers():
        if time.monotonic() > until:
            raise EmbeddedError(
                f"The embedded {embedded.title} is there but does not answer. Its last words are in "
                f"{embedded.server.log}; end the other commands of this checkout and run again."
            )
        time.sleep(keeper.LOOKS_EVERY)


def held() -> list[keeper.Server]:
    """The servers that this process holds."""
    return list(_held)


def let_go(server: keeper.Server) -> bool:
    """Hold it no longer. True once it has stopped, False when others still use it."""
    os.close(_held.pop(server))
    began = time.monotonic()
    while _is_kept(server.kept):
        if time.monotonic() - began > OTHERS_SHOW_WITHIN and _is_used(server.used):
            return False
        if time.monotonic() - began > keeper.MAY_STOP_FOR:
            return False
        time.sleep(0.05)
    return True


def _is_used(path: str) -> bool:
    """Whether others hold it; a keeper that is stopping the server is not one of them."""
    used = _open(path)
    try:
        fcntl.flock(used, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(used)
    return True
