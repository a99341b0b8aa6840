"""`make run`: the whole clinic on this machine, step by step, until Ctrl-C."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from clinic import embedded
from clinic.embedded import keeper

LOCAL = settings.BASE_DIR / ".local"
BIN = Path(sys.executable).parent
LINES_SHOWN = 15
MAY_STOP_FOR = 10.0  # seconds
MAY_START_FOR = 30.0  # seconds
SIGN_INS = (
    ("reception", "receptionist"),
    ("dermatologist", "dermatologist"),
    ("lead", "clinic lead"),
)
PASSWORD = "demo-clinic-2026"  # noqa: S105 (of the demo, printed on purpose)


class Stopped(BaseException):
    """Somebody asked for the end: Ctrl-C, a closed terminal, `kill`."""


@dataclass
class Part:
    """One process of the clinic, in a session of its own, with its log."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def last_lines(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"    {line}" for line in lines[-LINES_SHOWN:])


class Command(BaseCommand):
    help = "Run the demo clinic: servers, web, worker, beat and mail catcher, until Ctrl-C."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.began = time.monotonic()
        self.parts: list[Part] = []
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _stop)
        try:
            self.run()
        except Stopped:
            self.step("Stopping")
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)  # once is enough: nothing may be left running
            stop_all(self.parts)
        self.step("Everything has stopped. Your data is kept for the next time")

    def run(self) -> NoReturn:
        port, mail_port = _port("PORT", 8000), _port("MAIL_PORT", 8025)
        for name, number in (("PORT", port), ("MAIL_PORT", mail_port)):
            refuse_taken_port(name, number)
        site = f"http://127.0.0.1:{port}"
        env = demo_environment(site=site, mail_port=mail_port)
        manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]

        self.step("Starting PostgreSQL and Valkey")
        embedded.join()
        self.start("mail catcher", [*manage, "mailcatcher", "--port", str(mail_port)], env)
        self.step("Bringing the database up to date")
        self.wait_for_end(self.start("migrate", [*manage, "migrate", "--verbosity=1"], env))
        self.step("Looking for the demo clinic, loading it if the database is empty")
        self.wait_for_end(self.start("demo data", [*manage, "load_demo", "--if-empty"], env))
        self.step("Starting the web server, the Celery worker and beat")
        self.start("web", web_command(port), env)
        self.start("worker", [*CELERY, "worker", "--concurrency=2", *QUIET_WORKER], env)
        self.start("beat", [*CELERY, "beat", "--scheduler=celery.beat:Scheduler"], env)
        self.wait_for_first_page(site)
        self.step("Ready")
        self.stdout.write(where_to_look(site))
        self.watch()

    def step(self, text: str) -> None:
        self.stdout.write(f"[{time.monotonic() - self.began:5.1f} s] {text}.")
        self.stdout.flush()

    def start(self, name: str, command: list[str], env: dict[str, str]) -> Part:
        log = LOCAL / "log" / f"{name.replace(' ', '-')}.log"
        log.parent.mkdir(exist_ok=True)
        with open(log, "wb") as out:
            process = subprocess.Popen(  # noqa: S603 (our own commands)
                command,
                cwd=settings.BASE_DIR,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                # Should this process be killed outright, its children are told to stop all the same.
                preexec_fn=keeper.dies_with_parent(signal.SIGTERM),
            )
        part = Part(name, process, log)
        self.parts.append(part)
        return part

    def wait_for_end(self, part: Part) -> None:
        while part.process.poll() is None:
            self.refuse_dead(each for each in self.parts if each is not part)
            time.sleep(0.05)
        self.parts.remove(part)
        if part.process.returncode:
            raise _ended(part)

    def refuse_dead(self, parts: Iterable[Part]) -> None:
        for part in parts:
            if part.process.poll() is not None:
                raise _ended(part)

    def wait_for_first_page(self, site: str) -> None:
        until = time.monotonic() + MAY_START_FOR
        while not _answers(site):
            self.refuse_dead(self.parts)
            if time.monotonic() > until:
                raise CommandError(
                    f"The web server does not answer. See {LOCAL / 'log' / 'web.log'}"
                )
            time.sleep(0.1)

    def watch(self) -> NoReturn:
        while True:
            self.refuse_dead(self.parts)
            time.sleep(0.3)


CELERY = [str(BIN / "celery"), "--app=clinic"]
QUIET_WORKER = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=INFO"]


def web_command(port: int) -> list[str]:
    """gunicorn as the demo runs it."""
    command = [str(BIN / "gunicorn"), "clinic.wsgi", f"--bind=127.0.0.1:{port}", "--workers=2"]
    return [*command, "--threads=4", "--worker-class=gthread", "--no-control-socket"]


def demo_environment(*, site: str, mail_port: int) -> dict[str, str]:
    """What the demo's processes read; what was set outside (DATABASE_URL, ...) stays."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "clinic.settings",
        "DEMO": "1",
        "DEBUG": "0",
        "PRODUCTION": "0",
        "SITE_URL": site,
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "SECRET_KEY": secret_key(),
        "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
        "PYTHONUNBUFFERED": "1",
    }


def secret_key() -> str:
    """Made once, so that sign-ins and e-mailed links outlive a restart."""
    path = LOCAL / "secret_key"
    try:
        LOCAL.mkdir(exist_ok=True)
        with open(path, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    except OSError as error:
        raise CommandError(str(embedded.EmbeddedError.from_os(error, LOCAL))) from error
    return path.read_text(encoding="ascii").strip()


def refuse_taken_port(name: str, number: int) -> None:
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            line.bind(("127.0.0.1", number))
        except OSError as error:
            raise CommandError(
                f"Port {number} cannot be used ({error.strerror}): perhaps the clinic or another program "
                f"runs there. Stop it, or choose another port: make run {name}={number + 1}"
            ) from error


def where_to_look(site: str) -> str:
    people = "\n".join(f"      {name:<14} {PASSWORD}   ({role})" for name, role in SIGN_INS)
    return (
        f"\n  Patients   {site}/  and  {site}/ar/\n"
        f"  Desk       {site}/admin/   sign in as\n{people}\n"
        f"  Inbox      {site}/inbox/   every e-mail that the demo sends\n"
        f"  Logs       {LOCAL / 'log'}\n\n  Ctrl-C stops everything.\n"
    )


def stop_all(parts: list[Part]) -> None:
    """Ask each to end, then end what has not, with all of its children."""
    for part in parts:
        if part.process.poll() is None:
            part.process.terminate()
    until = time.monotonic() + MAY_STOP_FOR
    for part in parts:
        try:
            part.process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(part.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        part.process.wait()


def _stop(number: int, frame: object) -> NoReturn:
    raise Stopped


def _ended(part: Part) -> CommandError:
    return CommandError(
        f"The {part.name} ended by itself (exit code {part.process.returncode}), so everything was "
        f"stopped. Its last lines, from {part.log}:\n{part.last_lines()}"
    )


def _answers(site: str) -> bool:
    try:
        with urllib.request.urlopen(f"{site}/", timeout=10):  # noqa: S310 (our own address)
            return True
    except urllib.error.HTTPError as error:
        raise CommandError(
            f"The first page answers with {error.code}. See {LOCAL / 'log' / 'web.log'}"
        ) from error
    except OSError:
        return False


def _port(name: str, default: int) -> int:
    given = os.environ.get(name) or str(default)
    if not given.isdecimal() or not 0 < int(given) < 65536:
        raise CommandError(f"{name}={given} is no port. Give a number from 1 to 65535.")
    return int(given)
