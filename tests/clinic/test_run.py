"""`make run`: the whole clinic starts, says where to look, and leaves nothing running."""

import os
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from clinic.management.commands.run import port_from
from tests.processes import CHECKOUT, free_port, processes_of, wait_until, without_urls

LEFT_OUT = shutil.ignore_patterns(
    ".git", ".local", ".venv", "__pycache__", ".*_cache", "staticfiles"
)


@pytest.fixture(scope="module")
def checkout() -> Iterator[Path]:
    """A copy of this checkout, so that the demo's own data stays out of the tests."""
    with tempfile.TemporaryDirectory(prefix="clinic-run-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        copy = Path(name) / "clinic"
        shutil.copytree(CHECKOUT, copy, ignore=LEFT_OUT)
        (copy / ".venv").symlink_to(Path(sys.prefix))
        yield copy


class Run:
    """A `manage.py run` in the copy, on ports of its own."""

    def __init__(self, checkout: Path) -> None:
        self.port, self.mail_port = free_port(), free_port()
        self.site = f"http://127.0.0.1:{self.port}"
        self.output = checkout.parent / "run.log"
        with open(self.output, "wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "run"],
                cwd=checkout,
                env=ports(self.port, self.mail_port),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    def said(self) -> str:
        return self.output.read_text()

    def wait_until_ready(self) -> None:
        wait_until(
            lambda: "Ctrl-C stops everything" in self.said() or self.process.poll() is not None,
            seconds=60,
            what="the first page",
        )
        assert self.process.poll() is None, self.said()


def ports(port: int, mail_port: int) -> dict[str, str]:
    env = without_urls(PORT=str(port), MAIL_PORT=str(mail_port))
    env.pop("DJANGO_SETTINGS_MODULE", None)
    return env


@contextmanager
def running(checkout: Path) -> Iterator[Run]:
    """The running demo; whatever the test did, nothing of it is left at the end."""
    run = Run(checkout)
    try:
        run.wait_until_ready()
        yield run
    finally:
        run.process.terminate()
        run.process.wait(30)
        wait_until(
            lambda: not processes_of(checkout), what="the end of everything that was started"
        )


def page(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as response:
        return response.read().decode()


def test_the_demo_runs_stops_and_starts_again_with_its_data(checkout):
    with running(checkout) as run:
        for words in ("/admin/", "reception ", "dermatologist ", "lead ", "/inbox/"):
            assert words in run.said()
        assert "<h1" in page(f"{run.site}/")
        assert 'dir="rtl"' in page(f"{run.site}/ar/")
        with smtplib.SMTP("127.0.0.1", run.mail_port) as mail:
            mail.sendmail("a@example.com", "b@example.com", "Subject: A test\n\nHello & welcome")
        assert "A test" in page(f"{run.site}/inbox/")
        kept = (checkout / ".local" / "mail").glob("*.eml")  # the demo's own e-mails arrive too
        ours = next(part for part in kept if b"Subject: A test" in part.read_bytes())
        assert "Hello &amp; welcome" in page(f"{run.site}/inbox/{ours.stem}/")

        run.process.send_signal(signal.SIGINT)
        assert run.process.wait(30) == 0
        assert not processes_of(checkout), "when it has ended, so has all that it started"
        assert "Everything has stopped" in run.said()


def test_it_starts_warm_with_its_data_and_kill_9_leaves_nothing_running(checkout):
    key = (checkout / ".local" / "secret_key").read_text()
    began = time.monotonic()
    with running(checkout) as run:
        warm = time.monotonic() - began
        assert "Loading" not in run.said()
        assert (checkout / ".local" / "secret_key").read_text() == key
        assert "A test" in page(f"{run.site}/inbox/")
        run.process.kill()
        run.process.wait()
    assert warm < 20, f"{warm:.1f} s; 5 s is the promise, on a machine that does nothing else"


def test_a_part_that_ends_by_itself_is_named_and_ends_the_rest(checkout):
    with running(checkout) as run:
        beat = _children_named(run.process.pid, b"celery.beat:Scheduler")
        os.kill(beat[0], signal.SIGKILL)
        assert run.process.wait(30) == 1
        assert "The beat ended by itself" in run.said()


def _children_named(parent: int, words: bytes) -> list[int]:
    text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [
        int(child) for child in text.split() if words in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def refusal(command: list[str], *, cwd: Path, env: dict[str, str]) -> str:
    """The last words of a command that cannot work: no traceback, and no more than a sentence or two."""
    done = subprocess.run(
        command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert done.returncode in (1, 2), done
    assert "Traceback" not in done.stderr
    said = [line for line in done.stderr.splitlines() if not line.startswith("make: ***")]
    assert len(said) == 1, done.stderr
    return said[0]


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        line.listen()
        yield line.getsockname()[1]


def test_a_taken_port_ends_in_one_sentence(checkout, taken_port):
    env = ports(taken_port, free_port())
    said = refusal([sys.executable, "manage.py", "run"], cwd=checkout, env=env)
    assert f"Port {taken_port} cannot be used" in said
    assert f"make run PORT={taken_port + 1}" in said


def test_the_mail_port_may_be_taken_too(monkeypatch, taken_port):
    monkeypatch.setenv("MAIL_PORT", str(taken_port))
    with pytest.raises(CommandError, match=f"make run MAIL_PORT={taken_port + 1}"):
        port_from("MAIL_PORT", 8025)


@pytest.mark.parametrize("given", ["http", "0", "65536", "-1", "٨٠"])
def test_what_is_no_port_is_refused(monkeypatch, given):
    monkeypatch.setenv("PORT", given)
    with pytest.raises(CommandError, match="is not a port"):
        port_from("PORT", 8000)


def test_a_broken_data_folder_ends_in_one_sentence(checkout):
    local = checkout / ".local"
    aside = local.with_name("aside")
    if local.exists():
        local.rename(aside)
    (local / "postgres").mkdir(parents=True)
    (local / "postgres" / "PG_VERSION").write_text("garbage")
    local.chmod(0o755)
    try:
        env = ports(free_port(), free_port())
        said = refusal([sys.executable, "manage.py", "run"], cwd=checkout, env=env)
    finally:
        shutil.rmtree(local)
        if aside.exists():
            aside.rename(local)
    assert "is broken" in said
    assert "delete it" in said


def test_a_database_that_does_not_answer_ends_in_one_sentence(checkout):
    env = ports(free_port(), free_port())
    env["DATABASE_URL"] = f"postgresql://nobody:x@127.0.0.1:{free_port()}/none"
    env["REDIS_URL"] = "redis://127.0.0.1:1/0"
    said = refusal([sys.executable, "manage.py", "migrate"], cwd=checkout, env=env)
    assert "The database did not answer" in said
    assert "DATABASE_URL" in said


@pytest.fixture
def only_these(tmp_path) -> Path:
    """A folder to be the whole PATH: make and what a shell needs, no Python yet."""
    for name in ("make", "sh", "env"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    return tmp_path


def test_a_python_that_is_too_old_ends_in_one_sentence(checkout, only_these):
    pretends = (
        "import runpy, sys; sys.version_info = (3, 9, 2, 'final', 0); sys.argv = sys.argv[1:];"
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    # As the Makefile asks: `python3 -c ...` for its version, then `python3 -I clinic/bootstrap.py`.
    script = (
        f'#!/bin/sh\n[ "$1" = -c ] && exit 1\nshift\nexec "{sys.executable}" -c "{pretends}" "$@"\n'
    )
    (only_these / "python3").write_text(script)
    (only_these / "python3").chmod(0o755)
    said = refusal(["make", "run"], cwd=checkout, env={"PATH": str(only_these)})
    assert "needs Python 3.11 or newer" in said
    assert "is 3.9" in said


def test_no_python_at_all_ends_in_one_sentence(checkout, only_these):
    said = refusal(["make", "run"], cwd=checkout, env={"PATH": str(only_these)})
    assert "No Python was found. Install Python 3.11" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_disk_too_small_for_the_requirements_ends_in_one_sentence(checkout, tmp_path):
    mount = ["mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this container may not mount a small disk")
    try:
        small = tmp_path / "clinic"
        shutil.copytree(checkout, small, ignore=LEFT_OUT)
        env = {"PATH": os.environ["PATH"]}
        said = refusal(["make", "run", f"PYTHON={sys.executable}"], cwd=small, env=env)
    finally:
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)
    assert "is full" in said
    assert "Free at least" in said
