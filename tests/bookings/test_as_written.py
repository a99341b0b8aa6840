"""An e-mail goes over the line as Django writes it, byte for byte (bookings/delivery/written.py)."""

import secrets

import pytest

from bookings import emails
from bookings.delivery.written import as_bytes
from tests import make
from tests.bookings.test_emails_hostile import HOSTILE, LANGUAGES, hostile_samples

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]


@pytest.mark.parametrize("what", ["a plain name", *HOSTILE])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_is_written_as_django_writes_it(language, what, monkeypatch):
    monkeypatch.setattr(secrets, "token_hex", lambda length: "boundary")
    seen = 0
    for sample, clinic in hostile_samples(language, HOSTILE.get(what, "Layla")):
        email = emails.compose(sample.message, now=make.NOW, clinic=clinic)
        by_django = email.message()
        for part in by_django.walk():
            if part.is_multipart():
                part.set_boundary("=_boundary")
        assert as_bytes(email) == by_django.as_bytes(linesep="\r\n")
        seen += 1
    assert seen > 10
