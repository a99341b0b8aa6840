"""`manage.py read_bounces`: by a mail server's pipe, and from a real IMAP server over TLS."""

import datetime as dt
import imaplib
import ipaddress
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

import bookings.actions
from bookings import bounces, links, mailbox
from bookings.management.commands import read_bounces
from bookings.models import Consultation, Message, MessageState
from tests import make, processes
from tests.bookings.bounced import AN_ADDRESS, BY_HAND, OUT_OF_OFFICE, report, written
from tests.bookings.owing import are_sent, note

pytestmark = pytest.mark.one_risk
STOPPED, NOT_UNDERSTOOD, LATER = 0, 65, 75


def sent(**fields: object) -> Message:
    """A confirmation that the relay took."""
    make.confirmed(email=AN_ADDRESS, **fields)
    (message,) = note(make.NOW)
    are_sent(Message.objects.filter(pk=message.pk), now=make.NOW)
    return message


def state(message: Message) -> str:
    return Message.objects.values_list("state", flat=True).get(pk=message.pk)


# --- The pipe ------------------------------------------------------------------------------------


def piped(raw: bytes, *arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", "read_bounces", *arguments],
        cwd=processes.CHECKOUT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "clinic.settings", **env},
        input=raw,
        capture_output=True,
        check=False,
        timeout=60,
    )


def test_a_mail_servers_pipe_brings_a_bounce(process_env):
    message = sent()
    before = Consultation.objects.values().get()
    done = piped(
        report(message.pk, words="550 <zubaida.canary@example.org> is gone"), env=process_env
    )
    assert (done.returncode, state(message)) == (STOPPED, MessageState.BOUNCED), done.stderr
    assert b"canary" not in done.stdout + done.stderr
    assert Consultation.objects.values().get() == before
    again = piped(b"x" * 3_000_000, "--to", links.bounce_address(message.pk), env=process_env)
    assert again.returncode == NOT_UNDERSTOOD, again.stderr
    away = {**process_env, "DATABASE_URL": f"postgresql://x@127.0.0.1:{processes.free_port()}/x"}
    late = piped(report(message.pk), env=away)
    assert late.returncode == LATER, late.stderr
    assert b"canary" not in late.stdout + late.stderr


@pytest.mark.django_db
def test_the_exit_code_says_what_to_do_with_it():
    message = sent()
    address = links.bounce_address(message.pk)
    assert read_bounces.from_pipe(report(message.pk, action="delayed")) == STOPPED
    assert read_bounces.from_pipe(report(message.pk, action="delivered")) == STOPPED
    assert read_bounces.from_pipe(written(OUT_OF_OFFICE, message.pk)) == STOPPED
    assert read_bounces.from_pipe(written(BY_HAND, message.pk)) == NOT_UNDERSTOOD
    assert read_bounces.from_pipe(report(address.replace("+", "+1"))) == NOT_UNDERSTOOD
    assert state(message) == MessageState.SENT
    assert read_bounces.from_pipe(report("x@example.com"), sent_to=address) == STOPPED
    assert state(message) == MessageState.BOUNCED


@pytest.mark.django_db
@pytest.mark.parametrize("mail", ["report", "answer", "by hand"])
def test_nothing_that_was_written_to_us_is_logged(mail, caplog):
    message = sent()
    made = {
        "report": report(message.pk, words="550 zubaida.canary@example.org"),
        "answer": written(OUT_OF_OFFICE, message.pk),
        "by hand": written(BY_HAND, message.pk),
    }
    with caplog.at_level("DEBUG"):
        read_bounces.from_pipe(made[mail])
    assert f"bounce of message {message.pk}" in caplog.text
    assert "canary" not in caplog.text.lower() and "@" not in caplog.text


# --- The mailbox ---------------------------------------------------------------------------------


@dataclass
class Imap:
    """An IMAP server and its one mailbox."""

    port: int

    def url(self, scheme: str = "imap+tls", *, password: str = "a%20p%40ss", path: str = "") -> str:  # noqa: S107
        return f"{scheme}://clinic%40example.com:{password}@127.0.0.1:{self.port}{path}"

    def line(self) -> imaplib.IMAP4:
        line = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        line.starttls(ssl.create_default_context())
        line.login("clinic@example.com", "a p@ss")
        return line

    def put(self, *mails: bytes, folder: str = "INBOX") -> None:
        with self.line() as line:
            for mail in mails:
                assert line.append(folder, "", "", mail)[0] == "OK"

    def flags(self, folder: str = "INBOX") -> list[str]:
        """Of each e-mail, in order."""
        with self.line() as line:
            line.select(f'"{folder}"', readonly=True)
            _kind, found = line.fetch("1:*", "(FLAGS)")
            return [" ".join(sorted(f.decode() for f in imaplib.ParseFlags(one))) for one in found]


def certificate(folder: Path) -> tuple[Path, Path]:
    """For 127.0.0.1, signed by itself; the file that it is in, and its key's."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, own = folder / "certificate.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    own.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, own


@pytest.fixture
def imap(tmp_path, monkeypatch, settings) -> Iterator[Imap]:
    """A real server (pymap) in a process of its own; BOUNCE_IMAP_URL names it."""
    pem, key = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    server, log = Imap(processes.free_port()), tmp_path / "imap.log"
    program = str(Path(sys.executable).parent / "pymap")
    listens = [program, "--host", "127.0.0.1", "--port", str(server.port)]
    encrypts = ["--cert", str(pem), "--key", str(key)]
    holds = ["dict", "--demo-user", "clinic@example.com", "--demo-password", "a p@ss"]
    with processes.running([*listens, *encrypts, *holds], log=log) as process:
        processes.wait_until(
            lambda: process.poll() is not None or answers(server.port), what="the IMAP server"
        )
        assert process.poll() is None, log.read_text()
        settings.BOUNCE_IMAP_URL = server.url()
        yield server


def answers(port: int) -> bool:
    try:
        imaplib.IMAP4("127.0.0.1", port, timeout=5).logout()
    except OSError:
        return False
    return True


@pytest.mark.django_db
def test_what_is_unread_is_noted_and_marked_as_read(imap, capsys):
    message, other = sent(), sent(starts_at=make.TOMORROW_AT_9 + dt.timedelta(hours=2))
    imap.put(
        written(OUT_OF_OFFICE, message.pk),
        report(message.pk),
        written(BY_HAND, other.pk),
        report(other.pk, action="delayed"),
    )
    call_command("read_bounces", "--imap")
    assert (state(message), state(other)) == (MessageState.BOUNCED, MessageState.SENT)
    assert imap.flags() == [r"\Seen", r"\Seen", r"\Flagged \Seen", r"\Seen"]
    call_command("read_bounces", "--imap")
    assert capsys.readouterr().out.split() == ["4", "read", "0", "read"]


@pytest.mark.django_db
def test_it_is_marked_after_it_is_noted_never_before(imap, monkeypatch):
    """Where the row cannot be written, the e-mail waits unread."""
    message = sent()
    imap.put(report(message.pk))
    noting = bookings.actions.note_bounce

    def too_late(**_arguments: object) -> None:
        assert imap.flags() == [""]
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(read_bounces.actions, "note_bounce", too_late)
    with pytest.raises(DatabaseError):
        read_bounces.from_mailbox()
    assert imap.flags() == [""]
    monkeypatch.setattr(read_bounces.actions, "note_bounce", noting)
    assert read_bounces.from_mailbox() == 1
    assert (imap.flags(), state(message)) == ([r"\Seen"], MessageState.BOUNCED)


@pytest.mark.django_db
def test_one_whose_mark_was_lost_is_read_again_and_noted_once(imap, monkeypatch):
    message = sent()
    imap.put(report(message.pk))
    with monkeypatch.context() as patch:
        patch.setattr(mailbox.Mailbox, "mark_read", lambda *_arguments, **_options: None)
        assert read_bounces.from_mailbox() == 1
    first = Message.objects.values().get(pk=message.pk)
    assert read_bounces.from_mailbox() == 1
    assert Message.objects.values().get(pk=message.pk) == first


@pytest.mark.django_db
def test_a_huge_one_is_fetched_at_its_beginning_only(imap):
    message = sent()
    imap.put(report(message.pk) + b"x" * (2 * bounces.LARGEST))
    with mailbox.opened(imap.url()) as folder:
        ((_uid, raw),) = folder.unread(largest=bounces.LARGEST)
    assert len(raw) == bounces.LARGEST
    assert read_bounces.from_mailbox() == 1
    assert state(message) == MessageState.BOUNCED


@pytest.mark.django_db
def test_another_folder_may_be_named(imap, settings):
    with imap.line() as line:
        line.create('"Came back"')
    message = sent()
    imap.put(report(message.pk), folder='"Came back"')
    settings.BOUNCE_IMAP_URL = imap.url(path="/Came%20back")
    assert read_bounces.from_mailbox() == 1
    assert state(message) == MessageState.BOUNCED


def test_a_mailbox_that_cannot_be_read_says_why_and_names_no_password(imap, settings, monkeypatch):
    wrong = {
        imap.url(password="wrong"): "error",
        imap.url(path="/Nothing"): "no such folder",
        imap.url(scheme="http"): "must begin with",
        "imap://u:secret@mail.example.com/INBOX": "must begin with",
        f"imaps://u:secret@127.0.0.1:{processes.free_port()}": "ConnectionRefusedError",
        imap.url(scheme="imaps"): "SSLError",
    }
    for url, reason in wrong.items():
        settings.BOUNCE_IMAP_URL = url
        with pytest.raises(CommandError, match=reason) as error:
            call_command("read_bounces", "--imap")
        assert "secret" not in str(error.value) and "wrong" not in str(error.value)
    monkeypatch.delenv("SSL_CERT_FILE")
    settings.BOUNCE_IMAP_URL = imap.url()
    with pytest.raises(CommandError, match="SSLCertVerificationError"):
        call_command("read_bounces", "--imap")
    settings.BOUNCE_IMAP_URL = ""
    with pytest.raises(CommandError, match="Set BOUNCE_IMAP_URL"):
        call_command("read_bounces", "--imap")


def test_the_loop_goes_on_until_it_is_asked_to_end(imap, process_env, tmp_path):
    message = sent()
    imap.put(report(message.pk))
    env = {**process_env, "BOUNCE_IMAP_URL": imap.url()}
    command, log = (
        [sys.executable, "manage.py", "read_bounces", "--imap", "--loop"],
        tmp_path / "log",
    )
    with processes.running(command, log=log, env=env) as process:
        processes.wait_until(
            lambda: process.poll() is not None or state(message) == MessageState.BOUNCED,
            what="the bounce",
        )
        assert process.poll() is None, log.read_text()
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    assert connection.is_usable()
