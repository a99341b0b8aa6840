"""Whose bounce came to the bounce address and what it says; a hostile one is answered too, and soon."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bookings import bounces, links
from bookings.bounces import Says
from tests.bookings.bounced import BY_HAND, EXIM, OUT_OF_OFFICE, report, written

pytestmark = pytest.mark.one_risk
FAILED = bounces.Report(Says.FAILED, 12, "5.1.1")


# --- Whose bounce it is --------------------------------------------------------------------------


def test_each_e_mail_has_an_address_of_its_own_for_its_bounces():
    address = links.bounce_address(12)
    assert address.startswith("bounces+12.") and address.endswith("@example.com")
    assert len(address.partition("@")[0]) <= 64  # RFC 5321 section 4.5.3.1.1
    for written_so in (address, address.upper(), f"<{address}>", f'"A, B" <{address}>'):
        assert links.find_bounced(written_so) == 12


@pytest.mark.parametrize(
    "change",
    [
        lambda address: address.replace("+12.", "+13."),
        lambda address: address.replace("+12.", "+012."),
        lambda address: address.replace("+12.", "+12."[:3]),
        lambda address: address.replace("example.com", "example.net"),
        lambda address: address.replace("bounces+", "bounces-"),
        lambda address: address.replace("+12.", "+\u0661\u0662."),
        lambda address: address.replace("@", "a@"),
        lambda address: "bounces+12." + "a" * 16 + "@example.com",
        lambda address: "bounces@example.com",
        lambda address: "",
    ],
)
def test_nobody_makes_up_the_address_of_another_e_mail(change):
    assert links.find_bounced(change(links.bounce_address(12))) is None


def test_another_key_ends_them_and_another_mailbox_may_be_named(settings):
    address = links.bounce_address(12)
    settings.BOUNCE_ADDRESS = "came.back@mail.example.org"
    other = links.bounce_address(12)
    assert other.startswith("came.back+12.") and other.endswith("@mail.example.org")
    assert (links.find_bounced(address), links.find_bounced(other)) == (None, 12)
    settings.LINK_KEY = "another"
    assert links.find_bounced(other) is None


# --- What it says --------------------------------------------------------------------------------


def test_a_report_of_failure_names_the_message_and_the_code():
    assert bounces.read(report(12)) == FAILED
    assert bounces.read(report(12), sent_to=links.bounce_address(12)) == FAILED


@pytest.mark.parametrize(
    ("action", "status", "says", "kept"),
    [
        ("failed", "5.2.2 (mailbox full)", Says.FAILED, "5.2.2"),
        ("Failed", "4.4.7", Says.FAILED, "4.4.7"),
        ("failed (expired)", "5.1.1234", Says.FAILED, ""),
        ("failed", "2.0.0", Says.FAILED, ""),
        ("failed", "No such user", Says.FAILED, ""),
        ("delayed", "4.4.1", Says.NOT_YET, ""),
        ("delivered", "2.1.5", Says.ARRIVED, ""),
        ("relayed", "2.1.9", Says.ARRIVED, ""),
        ("expanded", "2.1.5", Says.ARRIVED, ""),
        ("cancelled", "5.1.1", Says.NOT_UNDERSTOOD, ""),
    ],
)
def test_the_action_decides_and_only_a_code_is_kept(action, status, says, kept):
    found = bounces.read(report(12, action=action, status=status))
    assert (found.says, found.status) == (says, kept)


def test_what_a_real_mail_server_made_is_understood():
    assert bounces.read(written(EXIM, 12)) == bounces.Report(Says.FAILED, 12, "5.0.0")
    assert bounces.read(EXIM.format(to=links.bounce_address(12)).encode()).says == Says.FAILED


def test_a_report_in_utf_8_is_read_too():
    """RFC 6533: for addresses that are not in ASCII."""
    whole = report(12, status="5.2.1").replace(b"message/delivery", b"message/global-delivery")
    whole = whole.replace(b"rfc822; zubaida", "utf-8; زبيدة".encode())
    assert bounces.read(whole) == bounces.Report(Says.FAILED, 12, "5.2.1")
    assert bounces.read(whole.replace(b"Action: failed", b"Action: delayed")).says == Says.NOT_YET


def test_one_addressee_that_it_reached_is_enough():
    twice = report(12).replace(
        b"\r\n\r\n--4Cg.1/mx.example.net\r\nContent-Description: Undelivered",
        b"\r\n\r\nFinal-Recipient: rfc822; b@example.org\r\nAction: relayed\r\nStatus: 2.0.0\r\n"
        b"\r\n--4Cg.1/mx.example.net\r\nContent-Description: Undelivered",
    )
    assert twice != report(12)
    assert bounces.read(twice).says == Says.ARRIVED


def test_an_answer_is_no_bounce_whatever_stands_in_it():
    assert bounces.read(written(OUT_OF_OFFICE, 12)).says == Says.NOTHING
    assert bounces.read(written(BY_HAND, 12)).says == Says.NOT_UNDERSTOOD
    vacation = written(BY_HAND, 12)
    for line in (b"Precedence: bulk", b"X-Autoreply: yes", b"Auto-Submitted: auto-generated"):
        assert bounces.read(line + b"\r\n" + vacation).says == Says.NOTHING
    assert bounces.read(b"Auto-Submitted: no\r\n" + vacation).says == Says.NOT_UNDERSTOOD


def test_a_report_that_somebody_forwards_is_not_ours():
    """Only the e-mail itself is asked, not what it brings along."""
    inner = report(12)
    outer = (
        f"To: {links.bounce_address(12)}\r\nContent-Type: message/rfc822\r\n\r\n".encode() + inner
    )
    assert bounces.read(outer).says == Says.NOT_UNDERSTOOD
    to_another = report("clinic@example.com")
    assert bounces.read(to_another).message is None
    both = f"Delivered-To: {links.bounce_address(13)}\r\n".encode() + inner
    assert bounces.read(both) == bounces.NOT_UNDERSTOOD


@pytest.mark.parametrize("kind", ["disposition-notification", "feedback-report"])
def test_other_reports_say_nothing(kind):
    whole = report(12).replace(b"report-type=delivery-status", f"report-type={kind}".encode())
    whole = whole.replace(b"message/delivery-status", f"message/{kind}".encode())
    assert bounces.read(whole).says == Says.NOTHING


# --- Hostile ones --------------------------------------------------------------------------------


def nested(depth: int) -> bytes:
    opened = b"".join(
        b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (level, level)
        for level in range(depth)
    )
    return f"To: {links.bounce_address(12)}\r\n".encode() + opened


HOSTILE = {
    "nothing": b"",
    "zeros": bytes(100_000),
    "letters of no charset": b"To: \xff\xfe\r\nContent-Type: multipart/report; boundary=\xff\r\n\r\n--\xff",
    "nested": nested(200),
    "nested too deep": nested(5_000),
    "cut short": report(12)[:900],
    "no boundary": report(12).replace(b"boundary=", b"x="),
    "no report in it": report(12).replace(b"message/delivery-status", b"text/plain"),
    "another charset": report(12).replace(
        b"delivery-status;", b"delivery-status; charset*=x'y'%ff;"
    ),
    "a report in base64": report(12).replace(
        b"message/delivery-status", b"message/delivery-status\r\nContent-Transfer-Encoding: base64"
    ),
    "a long line": b"To: " + b"a@b, " * 200_000 + report(12),
    "many lines": b"To: a@example.com\r\n" * 20_000 + report(12),
    "many parts": report(12)[:900] + b"--4Cg.1/mx.example.net\r\n\r\nx\r\n" * 20_000,
    "comments in comments": b"To: " + b"(" * 100_000 + report(12),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_comes_is_answered_and_soon(name):
    began = time.process_time()
    found = bounces.read(HOSTILE[name])
    assert time.process_time() - began < 5
    assert found.says in (Says.NOT_UNDERSTOOD, Says.NOTHING, Says.FAILED)
    assert found.status in ("", "5.1.1")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.integers(0, len(report(12))), st.integers(0, 200))
def test_a_report_with_nonsense_in_it_is_answered(nonsense, at, cut):
    whole = report(12)
    found = bounces.read(whole[:at] + nonsense + whole[at + cut :])
    assert found.message in (None, 12)
    assert found.status in ("", "5.1.1") or len(found.status) <= 9


def test_a_huge_one_is_read_at_its_beginning():
    assert bounces.read(report(12) + b"x" * 5_000_000) == FAILED
