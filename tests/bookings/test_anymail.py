"""A mail service with an API in the mail server's place: Postmark's, spoken by a server on the loopback."""

import datetime as dt
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

import bookings.actions
from bookings import delivery, links, owing
from bookings.models import Message, MessageState, Relay, Why
from tests import make, processes
from tests.bookings.postmark import TAKEN, Postmark, listening

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
SECOND, MINUTE, HOUR = dt.timedelta(seconds=1), dt.timedelta(minutes=1), dt.timedelta(hours=1)
NEXT_WEEK = make.TOMORROW_AT_9 + dt.timedelta(days=7)


@pytest.fixture
def service(settings) -> Iterator[Postmark]:
    """The settings name it; `with listening(service)` it is there."""
    found = Postmark()
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {
        "POSTMARK_SERVER_TOKEN": "a token",
        "POSTMARK_API_URL": f"http://127.0.0.1:{found.port}",
        "IGNORE_UNSUPPORTED_FEATURES": True,
        "REQUESTS_TIMEOUT": 2,
    }
    return found


@pytest.fixture
def postmark(service) -> Iterator[Postmark]:
    with listening(service):
        yield service


@pytest.fixture
def confirmation(service) -> Message:
    make.confirmed(starts_at=NEXT_WEEK)
    owing.note_owed(now=make.NOW)
    return Message.objects.get()


def fresh(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


# --- Taken ---------------------------------------------------------------------------------------


def test_an_e_mail_is_handed_over_whole_and_nobody_is_followed(confirmation, postmark):
    assert delivery.send_due(now=make.NOW) == 1
    (call,) = postmark.calls
    assert (call["To"], call["token"]) == (confirmation.addressee, "a token")
    assert call["Subject"].startswith("Your visit is confirmed")
    assert call["TextBody"].strip() and '<html lang="en"' in call["HtmlBody"]
    assert (call["TrackOpens"], call["TrackLinks"]) == (False, "None")
    assert "Tag" not in call and "Metadata" not in call
    headers = {line["Name"]: line["Value"] for line in call["Headers"]}
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["Message-ID"].startswith(f"<{confirmation.pk}.")
    assert "Date" not in headers
    names = [part["Name"] for part in call["Attachments"]]
    assert len(names) == 2 and "receipt.png" in names
    sent = fresh(confirmation)
    assert (sent.state, sent.copies, sent.trouble) == (MessageState.SENT, 1, "")


def test_many_go_one_after_the_other(postmark):
    for number in range(3):
        make.confirmed(starts_at=NEXT_WEEK + number * HOUR)
    owing.note_owed(now=make.NOW)
    assert delivery.send_due(now=make.NOW) == 3
    assert len(postmark.calls) == 3


def test_a_service_that_takes_the_envelopes_sender_is_told_it(confirmation, postmark, settings):
    """SparkPost's API has a place for it; Postmark's has none."""
    settings.EMAIL_BACKEND = "anymail.backends.sparkpost.EmailBackend"
    settings.ANYMAIL = settings.ANYMAIL | {
        "SPARKPOST_API_KEY": "a key",
        "SPARKPOST_API_URL": f"http://127.0.0.1:{postmark.port}",
    }
    taken = {"total_accepted_recipients": 1, "total_rejected_recipients": 0, "id": "1"}
    postmark.words = json.dumps({"results": taken})
    assert delivery.send_due(now=make.NOW) == 1
    (call,) = postmark.calls
    assert call["return_path"] == links.bounce_address(confirmation.pk)
    assert call["options"] == {"open_tracking": False, "click_tracking": False}


# --- Cancelled meanwhile -------------------------------------------------------------------------


def test_nothing_is_called_once_the_visit_is_cancelled(confirmation, postmark):
    bookings.actions.cancel(consultation=confirmation.consultation, now=make.NOW, by_patient=True)
    assert delivery.send_due(now=make.NOW) == 0
    assert fresh(confirmation).state == MessageState.DROPPED
    assert postmark.calls == []


# --- Not taken -----------------------------------------------------------------------------------

INACTIVE = '{"ErrorCode": 406, "Message": "You tried to send to recipient(s) that have been marked as inactive. Found inactive addresses: TO. Inactive recipients are ones that have generated a hard bounce."}'  # noqa: E501
NO_ADDRESS = '{"ErrorCode": 300, "Message": "Invalid \'To\' address: \'TO\'."}'


@pytest.mark.parametrize(
    ("status", "words", "state", "trouble", "answer"),
    [
        (422, INACTIVE, MessageState.BAD_ADDRESS, delivery.ADDRESS_REFUSED, ""),
        (422, NO_ADDRESS, MessageState.BAD_ADDRESS, delivery.ADDRESS_REFUSED, ""),
        (422, '{"ErrorCode": 412, "Message": "Not approved"}', "owed", delivery.REFUSED, "422"),
        (413, "{}", "owed", delivery.REFUSED, "413"),
        (429, "{}", "owed", delivery.NOT_NOW, "429"),
        (500, "{}", "owed", delivery.NOT_NOW, "500"),
        (503, "Busy", "owed", delivery.NOT_NOW, "503"),
    ],
)
def test_its_refusals_are_told_apart_and_no_copy_is_on_its_way(
    confirmation, postmark, caplog, status, words, state, trouble, answer
):
    postmark.status, postmark.words = status, words
    assert delivery.send_due(now=make.NOW) == 0
    refused = fresh(confirmation)
    assert (refused.state, refused.trouble, refused.answer) == (state, trouble, answer)
    assert (refused.copies, len(postmark.calls)) == (0, 1)
    assert "@" not in caplog.text
    assert Relay.objects.get().opened_at is None


def test_a_token_that_it_does_not_know_stops_everything_and_uses_up_no_try(confirmation, postmark):
    postmark.status, postmark.words = 401, '{"ErrorCode": 10, "Message": "Bad token"}'
    assert delivery.send_due(now=make.NOW) == 0
    assert (fresh(confirmation).state, fresh(confirmation).tries) == (MessageState.OWED, 0)
    assert (Relay.objects.get().why, Relay.objects.get().answer) == (Why.LOGIN, "401")
    postmark.status, postmark.words = 200, json.dumps(TAKEN)
    assert delivery.send_due(now=make.NOW + 5 * SECOND) == 1
    assert Relay.objects.get().opened_at is None


def test_three_refusals_in_a_row_mean_us(postmark):
    for number in range(5):
        make.confirmed(starts_at=NEXT_WEEK + number * HOUR)
    owing.note_owed(now=make.NOW)
    postmark.status, postmark.words = 422, '{"ErrorCode": 400, "Message": "Sender not confirmed"}'
    delivery.send_due(now=make.NOW)
    assert len(postmark.calls) == 3
    assert Relay.objects.get().why == Why.REFUSES_US
    assert {row.state for row in Message.objects.all()} == {MessageState.OWED}


def test_a_service_that_is_not_there_has_nothing_and_is_asked_again(confirmation, service):
    assert delivery.send_due(now=make.NOW) == 0
    waiting = fresh(confirmation)
    assert (waiting.state, waiting.copies, waiting.tries) == (MessageState.OWED, 0, 0)
    assert waiting.trouble == delivery.NO_ANSWER
    assert Relay.objects.get().why == Why.NO_ANSWER
    with listening(service):
        assert delivery.send_due(now=make.NOW + 5 * SECOND) == 1


# --- Nobody knows --------------------------------------------------------------------------------

# It listens, reads a whole call, notes that, and is killed before it answers.
DIES = """
import http.server, os, signal, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        with open(sys.argv[2], "a") as noted:
            noted.write("read\\n")
        os.kill(os.getpid(), signal.SIGKILL)
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
open(sys.argv[2], "a").close()
server.serve_forever()
"""


@pytest.fixture
def that_dies(service, tmp_path) -> Callable[[], None]:
    """Starts a service that is killed with the next call in its hands; then `read` has one line more."""
    noted = tmp_path / "noted"

    def start() -> None:
        noted.unlink(missing_ok=True)
        command = [sys.executable, "-c", DIES, str(service.port), str(noted)]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        ended.append((process, noted))
        processes.wait_until(noted.exists, what="the service")

    ended: list = []
    yield start
    for process, _noted in ended:
        assert process.wait(10) == -9
    assert noted.read_text() == "read\n"


def test_a_service_that_was_killed_with_the_call_gets_it_once_more_with_a_flag(
    confirmation, service, that_dies
):
    that_dies()
    assert delivery.send_due(now=make.NOW) == 0
    waiting = fresh(confirmation)
    assert (waiting.state, waiting.copies) == (MessageState.OWED, 1)
    assert waiting.trouble == delivery.NOBODY_KNOWS
    with listening(service):
        assert delivery.send_due(now=make.NOW + 2 * MINUTE) == 1
        assert delivery.send_due(now=make.NOW + HOUR) == 0
    sent = fresh(confirmation)
    assert (sent.state, sent.copies, sent.perhaps_twice) == (MessageState.SENT, 2, True)
    assert len(service.calls) == 1


def test_after_two_calls_without_an_answer_there_is_no_third(confirmation, service, that_dies):
    that_dies()
    delivery.send_due(now=make.NOW)
    that_dies()
    delivery.send_due(now=make.NOW + 2 * MINUTE)
    assert fresh(confirmation).state == MessageState.UNKNOWN
    with listening(service):
        for hours in range(1, 5):
            delivery.send_due(now=make.NOW + hours * HOUR)
    assert service.calls == []
    assert list(Message.objects.needing_staff()) == [confirmation]


@pytest.mark.parametrize(
    ("status", "words"), [(502, "Bad gateway"), (504, "Slow"), (200, "<html>"), (200, "{}")]
)
def test_a_gateways_error_and_a_yes_that_cannot_be_read_are_no_answer(
    confirmation, postmark, status, words
):
    postmark.status, postmark.words = status, words
    assert delivery.send_due(now=make.NOW) == 0
    assert (fresh(confirmation).copies, fresh(confirmation).trouble) == (1, delivery.NOBODY_KNOWS)


def test_a_service_that_hangs_up_or_is_silent_may_have_it(confirmation, postmark, settings):
    postmark.hangs_up = True
    delivery.send_due(now=make.NOW)
    assert (fresh(confirmation).copies, len(postmark.calls)) == (1, 1)
    settings.ANYMAIL = settings.ANYMAIL | {"REQUESTS_TIMEOUT": 0.2}
    postmark.hangs_up, slow = False, threading.Event()
    answer = postmark.answer
    postmark.answer = lambda handler: (slow.wait(5), answer(handler))  # type: ignore[method-assign]
    delivery.send_due(now=make.NOW + 2 * MINUTE)
    slow.set()
    assert (fresh(confirmation).copies, fresh(confirmation).state) == (2, MessageState.UNKNOWN)
