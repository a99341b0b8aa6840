"""Real processes for tests: web server, worker, broker; each ended by its id."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from clinic.embedded import keeper
from clinic.management.commands import run

CHECKOUT = Path(__file__).resolve().parent.parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FAKETIME = shutil.which("faketime")


def free_port() -> int:
    """A port of the loopback that nobody listens on just now."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return line.getsockname()[1]


def wait_until(true: Callable[[], object], *, seconds: float = 60.0, what: str = "it") -> None:
    """Look often until something is true; fail the test when it takes too long."""
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            raise AssertionError(f"{what} did not happen within {seconds:g} s")
        time.sleep(0.05)


def answers_http(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def without_urls(**more: str) -> dict[str, str]:
    """This environment, but with no server named: so that embedded ones are used."""
    kept = {key: text for key, text in os.environ.items() if not re.match("(DATABASE|REDIS)_", key)}
    return {**kept, **more}


def runs(pid: int) -> bool:
    """Whether a process is there and is more than a zombie (Linux)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def processes_of(folder: Path) -> list[int]:
    """Ids of all processes whose command names the folder (Linux)."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            pass  # it has just ended
    return found


@contextmanager
def running(
    command: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen]:
    """A process and its children, until the end of the block; also ended when the test run is killed."""
    with open(log, "ab") as out:
        process = subprocess.Popen(
            command,
            cwd=CHECKOUT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "clinic.settings", **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            preexec_fn=keeper.dies_with_parent(signal.SIGTERM),
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def web(*, env: Mapping[str, str], log: Path, workers: int = 2) -> Iterator[str]:
    """The web server as `make run` starts it, on a free port; gives its URL once it answers."""
    with web_process(env=env, log=log, workers=workers) as (url, _process):
        yield url


@contextmanager
def web_process(
    *, env: Mapping[str, str], log: Path, workers: int = 2
) -> Iterator[tuple[str, subprocess.Popen]]:
    """The same, with its first process."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [*run.WEB, f"--port={port}", f"--workers={workers}"]
    with running(command, log=log, env={**env, "SITE_URL": url}) as process:
        wait_until(
            lambda: process.poll() is not None or answers_http(url),
            what=f"the first answer of the web server (its log: {log})",
        )
        assert process.poll() is None, log.read_text(errors="replace")[-3000:]
        yield url, process


@contextmanager
def celery(*, env: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen]:
    """A worker and beat as `make run` starts them; gives the worker once it is ready."""
    with (
        running(run.WORKER, log=log, env=env) as process,
        running(run.BEAT, log=log, env=env),
    ):
        wait_until(
            lambda: process.poll() is not None or "ready." in log.read_text(errors="replace"),
            what=f"a ready worker (its log: {log})",
        )
        assert process.poll() is None, log.read_text(errors="replace")[-3000:]
        yield process
