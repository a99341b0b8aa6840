"""`make run`: the whole clinic on this machine, step by step, until Ctrl-C."""

import os
import secrets
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from clinic import embedded
from clinic.management.parts import Part, start, stop_all
from clinic.models import Clinic

LOCAL = settings.BASE_DIR / ".local"
LOGS = LOCAL / "log"
BIN = Path(sys.executable).parent
MANAGE = [sys.executable, str(settings.BASE_DIR / "manage.py")]
CELERY = [str(BIN / "celery"), "--app=clinic"]
WORKER = [
    *CELERY,
    "worker",
    "--concurrency=2",
    "--loglevel=INFO",
    "--without-gossip",
    "--without-mingle",
]
BEAT = [*CELERY, "beat", "--scheduler=celery.beat:Scheduler"]  # in memory: no file to go stale
WEB = [
    str(BIN / "granian"),
    "clinic.rsgi:server",
    "--interface=rsgi",
    "--http=1",
    "--no-ws",
    "--host=127.0.0.1",
    "--workers=2",
    "--respawn-failed-workers",
    "--workers-kill-timeout=15s",
    "--http1-buffer-size=65536",  # bytes: the longest head of a request
    "--http1-header-read-timeout=10000",  # milliseconds
]

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
MAY_START_FOR = 30.0  # seconds
SIGN_INS = (("reception", "receptionist"), ("dermatologist", "dermatologist"), ("lead", "lead"))
PASSWORD = "demo-clinic-2026"  # noqa: S105 (of the demo, printed on purpose)


class Stopped(BaseException):
    """Somebody asked for the end: Ctrl-C, a closed terminal, `kill`."""


class Command(BaseCommand):
    help = "Run the demo clinic: servers, web, worker, beat and mail catcher, until Ctrl-C."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.began = time.monotonic()
        self.parts: list[Part] = []
        for number in SIGNALS:
            signal.signal(number, _stop)
        try:
            self.run()
        except Stopped:
            self.step("Stopping")
        finally:
            stop_all(self.parts)
            gone = embedded.leave()
        self.step(
            "Everything has stopped; your data is kept for the next time"
            if gone
            else "Stopped, but for the servers: another command of this checkout still uses them"
        )

    def run(self) -> NoReturn:
        port, mail_port = port_from("PORT", 8000), port_from("MAIL_PORT", 8025)
        site = f"http://127.0.0.1:{port}"
        env = demo_environment(site=site, mail_port=mail_port)

        given = [name for name in ("DATABASE_URL", "REDIS_URL") if os.environ.get(name)]
        self.step(f"Using {' and '.join(given)}" if given else "Starting PostgreSQL and Valkey")
        embedded.join()
        self.start("mail catcher", [*MANAGE, "mailcatcher", f"--port={mail_port}"], env)
        if migrations_are_missing():
            self.step("Bringing the database up to date")
            self.wait_for_end(self.start("migrate", [*MANAGE, "migrate"], env))
        if not Clinic.objects.exists():
            self.step("Loading the demo clinic")
            self.wait_for_end(self.start("demo", [*MANAGE, "load_demo", "--if-empty"], env))
        connections.close_all()
        self.step("Starting the web server, the Celery worker and beat")
        self.start("web server", [*WEB, f"--port={port}"], env)
        self.start("worker", WORKER, env)
        self.start("beat", BEAT, env)
        self.wait_for_first_page(site)
        self.step("Ready")
        self.stdout.write(where_to_look(site))
        self.stdout.flush()
        self.watch()

    def step(self, text: str) -> None:
        self.stdout.write(f"[{time.monotonic() - self.began:5.1f} s] {text}.")
        self.stdout.flush()

    def start(self, name: str, command: list[str], env: dict[str, str]) -> Part:
        log = LOGS / f"{name.replace(' ', '-')}.log"
        part = start(name, command, log=log, env=env, cwd=settings.BASE_DIR)
        self.parts.append(part)
        return part

    def wait_for_end(self, part: Part) -> None:
        """Wait for a process whose end is its success."""
        self.parts.remove(part)
        try:
            while not part.has_ended:
                self.refuse_dead()
                time.sleep(0.05)
        finally:
            stop_all([part])
        if part.process.returncode:
            raise CommandError(part.obituary())

    def refuse_dead(self) -> None:
        for part in self.parts:
            if part.has_ended:
                raise CommandError(part.obituary())

    def wait_for_first_page(self, site: str) -> None:
        until = time.monotonic() + MAY_START_FOR
        while not answers(site):
            self.refuse_dead()
            if time.monotonic() > until:
                raise CommandError(f"The web server does not answer. See {LOGS / 'web-server.log'}")
            time.sleep(0.1)

    def watch(self) -> NoReturn:
        while True:
            self.refuse_dead()
            time.sleep(0.3)


def demo_environment(*, site: str, mail_port: int) -> dict[str, str]:
    """What the demo's processes read; what was set outside (DATABASE_URL, ...) stays."""
    try:
        LOGS.mkdir(parents=True, exist_ok=True)
        key = secret_key()
    except OSError as error:
        raise embedded.EmbeddedError.from_os(error, LOCAL) from error
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "clinic.settings",
        "PRODUCTION": "0",
        "DEBUG": "0",
        "DEMO": "1",
        "SITE_URL": site,
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "SECRET_KEY": key,
        "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
        "PYTHONUNBUFFERED": "1",
    }


def secret_key() -> str:
    """Made once, so that sign-ins and e-mailed links outlive a restart."""
    path = LOCAL / "secret_key"
    if not path.exists() or not path.read_text(encoding="ascii"):
        with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(secrets.token_urlsafe(50))
    return path.read_text(encoding="ascii")


def port_from(name: str, default: int) -> int:
    """The port that an environment variable names; refuses one that is taken."""
    given = os.environ.get(name) or str(default)
    if not (given.isascii() and given.isdecimal()) or not 0 < int(given) < 65536:
        raise CommandError(f"{name}={given} is not a port. Give a number from 1 to 65535.")
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            line.bind(("127.0.0.1", int(given)))
        except OSError as error:
            raise CommandError(
                f"Port {given} cannot be used ({error.strerror}). Stop what runs there (perhaps this "
                f"clinic, in another window), or choose another: make run {name}={int(given) + 1}"
            ) from error
    return int(given)


def migrations_are_missing() -> bool:
    executor = MigrationExecutor(connections["default"])
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def answers(site: str) -> bool:
    """Whether the first page is there; refuses one that is an error."""
    try:
        urllib.request.urlopen(f"{site}/", timeout=10).close()  # noqa: S310 (our own address)
    except urllib.error.HTTPError as error:
        raise CommandError(
            f"The first page answers with an error ({error.code}). See {LOGS / 'web-server.log'}"
        ) from error
    except OSError:
        return False
    return True


def where_to_look(site: str) -> str:
    people = "\n".join(f"               {name:<14} {PASSWORD}  ({role})" for name, role in SIGN_INS)
    return (
        f"\n  Patients   {site}/   and   {site}/ar/"
        f"\n  Desk       {site}/admin/   sign in as\n{people}"
        f"\n  Inbox      {site}/inbox/   every e-mail that the demo sends"
        f"\n  Logs       {LOGS}"
        "\n\n  Ctrl-C stops everything.\n"
    )


def _stop(number: int, frame: object) -> NoReturn:
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)  # asking once is enough
    raise Stopped
