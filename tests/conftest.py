"""What every test may ask for: a database, and real servers around it.

db (pytest-django)   a transaction that is rolled back, as the application's role
committed_db         a database of its own, for tests that commit, race, or use several processes
smtp_sink            a mail server on the loopback that keeps what it is given
live_site            the web server on committed_db; the value is its URL
broker, worker       a Valkey of its own; a Celery worker and beat on it and on committed_db
In each stands the usual clinic (make.standard), so that a test need not make it; a module may say
otherwise: `pytestmark = pytest.mark.empty_clinic`, or `one_risk` for a list of one side effect.
`transactional_db` is not for us: it flushes, and the guards of the evidence refuse that.
"""

import gc
import logging
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.template.base import Template
from django.utils import translation

from clinic.embedded import valkey
from clinic.embedded.places import Place
from tests import databases, make, processes
from tests.settings import BROKER_IS_OURS, REDIS_URL

PLAIN_RENDER = Template._render  # before Django's test set-up puts its own there
# By marker: the program that its tests need, and what is said where a machine lacks it.
NEEDS = {
    "browser": (
        processes.CHROMIUM,
        "Chromium was not found, so the tests in tests/journeys/browser were left out. "
        "To run them too: apt-get install chromium",
    ),
    "faketime": (
        processes.FAKETIME,
        "faketime was not found, so the tests in tests/faults/test_clocks.py were left out. "
        "To run them too: apt-get install faketime",
    ),
}
MISSING = {marker: sentence for marker, (program, sentence) in NEEDS.items() if not program}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests for which this machine lacks a program; with CI=true that is a failure."""
    for marker, sentence in MISSING.items():
        theirs = [item for item in items if item.get_closest_marker(marker)]
        if theirs and os.environ.get("CI") == "true":
            raise pytest.UsageError(sentence)
        items[:] = [item for item in items if item not in theirs]
        config.hook.pytest_deselected(items=theirs)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for sentence in MISSING.values():
        terminalreporter.write_line(sentence)


def pytest_collection_finish() -> None:
    """What was imported stays until the end: the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


@pytest.fixture(scope="session", autouse=True)
def plain_rendering(django_test_environment) -> None:
    """Django's test set-up copies the context of each template and field for `response.context`.

    That is a tenth of the time, and our tests read what a page says instead.
    """
    Template._render = PLAIN_RENDER


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Each test begins in English: the test client leaves the language of its last page behind."""
    with translation.override("en"):
        yield


@pytest.fixture(scope="session")
def test_databases(django_test_environment, django_db_blocker) -> Iterator[databases.Databases]:
    """The databases of this process, copied from the template of this state of the migrations."""
    with django_db_blocker.unblock():
        made = databases.Databases()
        yield made
        made.close()


def risks_of(node: pytest.Item | pytest.Module) -> int | None:
    """How many side effects the usual clinic lists for this module's tests; None: no clinic at all."""
    if node.get_closest_marker("empty_clinic"):
        return None
    return 1 if node.get_closest_marker("one_risk") else make.RISKS


@pytest.fixture(scope="module")
def django_db_setup(request, test_databases, django_db_blocker) -> None:
    """pytest-django's database for `db`, used as the application's role."""
    with django_db_blocker.unblock():
        test_databases.use(risks=risks_of(request.node))


@pytest.fixture
def committed_db(request, test_databases, django_db_setup, django_db_blocker) -> Iterator[str]:
    """A database for this test alone, where what is written is really committed; its name."""
    with django_db_blocker.unblock(), test_databases.copy(risks=risks_of(request.node)) as name:
        yield name


class Sink:
    """Keeps each message that is sent to it, in order; `refuse_next` answers that many with 451."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.senders: list[str | None] = []  # of the envelopes
        self.refuse_next = 0
        self.no_mailbox: set[str] = set()
        self.answers: dict[str, str] = {}  # to RCPT, of an address
        self.port = processes.free_port()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.no_mailbox:
            return "550 5.1.1 No such mailbox"
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.refuse_next:
            self.refuse_next -= 1
            return "451 Try again later"
        message = BytesParser(policy=policy.default).parsebytes(envelope.original_content or b"")
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.senders.append(envelope.mail_from)
        return "250 Kept"

    def wait_for(self, count: int, *, seconds: float = 60.0) -> list[EmailMessage]:
        """All messages, once there are at least `count`."""
        processes.wait_until(
            lambda: len(self.messages) >= count, seconds=seconds, what=f"{count} e-mails"
        )
        return self.messages


@pytest.fixture
def smtp_sink(settings) -> Iterator[Sink]:
    """A mail server; this process's e-mails and those of processes started later go to it."""
    sink = Sink()
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    controller = Controller(sink, hostname="127.0.0.1", port=sink.port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
    try:
        yield sink
    finally:
        controller.stop()


@pytest.fixture
def broker(tmp_path) -> Iterator[str]:
    """The URL of a Valkey that no other test uses (or of REDIS_URL, when one was given)."""
    if not BROKER_IS_OURS:
        yield REDIS_URL
        return
    with tempfile.TemporaryDirectory(prefix="clinic-") as short:
        place = Place(folder=Path(short), sockets=Path(short), user=None)
        server = valkey.server(place, fsync=False).server
        log = tmp_path / "valkey.log"
        with processes.running(server.command, log=log):
            processes.wait_until(server.answers, what="Valkey's first answer")
            yield f"redis+socket://{server.socket}"


@pytest.fixture
def process_env(committed_db, smtp_sink) -> dict[str, str]:
    """The environment that makes a child process share this test's database and mail server."""
    return {
        "DATABASE_URL": databases.url_of(committed_db),
        "DATABASE_OWNER_URL": databases.url_of(committed_db, owner=True),
        "EMAIL_URL": smtp_sink.url,
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
    }


@pytest.fixture
def live_site(process_env, tmp_path) -> Iterator[str]:
    """Two processes of four threads; the value is the URL, without a slash at the end."""
    with processes.web(env=process_env, log=tmp_path / "web.log") as url:
        yield url


@pytest.fixture
def worker(process_env, broker, tmp_path) -> Iterator[subprocess.Popen]:
    """A real Celery worker, woken by a real beat; the value is the worker's process."""
    env = {**process_env, "REDIS_URL": broker}
    with processes.celery(env=env, log=tmp_path / "celery.log") as process:
        yield process
        process.send_signal(signal.SIGCONT)  # a test may have frozen it
