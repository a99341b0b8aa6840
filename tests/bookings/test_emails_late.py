"""An e-mail that goes out late says nothing that was true an hour ago."""

import datetime as dt

import pytest

from bookings.models import Kind
from tests.bookings.mails import body, of_kind, read

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
MINUTE = dt.timedelta(minutes=1)


def last_reminder(*, left, language="en", **fields):
    """Its subject and its first line, sent when so many minutes are left."""
    message, _now = of_kind(Kind.REMINDER_1_HOUR, language=language, **fields)
    mail = read(message, message.consultation.starts_at - left * MINUTE)
    return mail["Subject"], body(mail, "plain").splitlines()[0], body(mail, "html")


@pytest.mark.parametrize("left", [60, 50])
def test_an_hour_before_it_says_an_hour(left):
    subject, fact, _html = last_reminder(left=left)
    assert subject == "Your visit begins in an hour"
    assert fact.startswith("Your visit begins in an hour: ")


@pytest.mark.parametrize("left", [49, 4, 0])
def test_later_it_says_soon_and_the_time(left):
    subject, fact, html = last_reminder(left=left, zone="Asia/Dubai")
    assert subject == "Your visit begins soon: 09:00"
    assert fact.startswith("Your visit begins soon: ") and "09:00" in fact
    assert "an hour" not in fact + html


def test_where_the_patients_clock_shows_another_time_the_subject_says_whose_it_is():
    subject, _fact, _html = last_reminder(left=4, zone="Europe/London")
    assert subject == "Your visit begins soon: 09:00, Dubai time (GMT+4)"


def test_in_arabic_too():
    subject, fact, _html = last_reminder(left=4, language="ar")
    assert "09:00" in subject and "ساعة" not in subject + fact.split("2026")[0]
