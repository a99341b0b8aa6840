"""Real processes for tests: web server, worker, broker; each ended by its id."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from clinic.embedded import keeper

CHECKOUT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def free_port() -> int:
    """A port of the loopback that nobody listens on just now."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return line.getsockname()[1]


def wait_until(true: Callable[[], object], *, seconds: float = 20.0, what: str = "it") -> None:
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
    """gunicorn as `make run` starts it, on a free port; gives its URL once it answers."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [str(BIN / "gunicorn"), "clinic.wsgi", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", str(workers), "--threads", "4", "--no-control-socket"]
    with running(command, log=log, env={**env, "SITE_URL": url}) as process:
        wait_until(
            lambda: process.poll() is not None or answers_http(url),
            what=f"the first answer of gunicorn (its log: {log})",
        )
        assert process.poll() is None, log.read_text(errors="replace")[-3000:]
        yield url


@contextmanager
def celery(*, env: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen]:
    """A worker and beat as `make run` starts them; gives the worker once it is ready."""
    start = [str(BIN / "celery"), "-A", "clinic"]
    worker = [*start, "worker", "--concurrency", "2", "--loglevel", "INFO"]
    beat = [*start, "beat", "--scheduler", "celery.beat:Scheduler", "--pidfile="]
    with running(worker, log=log, env=env) as process, running(beat, log=log, env=env):
        wait_until(
            lambda: process.poll() is not None or "ready." in log.read_text(errors="replace"),
            what=f"a ready worker (its log: {log})",
        )
        assert process.poll() is None, log.read_text(errors="replace")[-3000:]
        yield process
