"""Every sample in both languages: the time with its zone, no reason, and no treatment that nobody allowed."""

import re

import pytest

from bookings.emails.samples import samples
from bookings.models import Kind, TreatmentSession
from clinic.models import Concern, Treatment
from tests import make
from tests.bookings.mails import body, plain
from tests.bookings.test_emails_hostile import CANARY, LANGUAGES, arrived

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
WITH_A_TIME = {
    *(Kind.OFFERED, Kind.CONFIRMED, Kind.MOVED),
    *(Kind.REMINDER_3_DAYS, Kind.REMINDER_1_DAY, Kind.REMINDER_1_HOUR),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_line_tells_the_time_with_its_zone_in_words(language):
    zone = {"en": "Dubai time (GMT+4)", "ar": "بتوقيت دبي (غرينتش+4)"}[language]
    clinic, seen = make.clinic(), set()
    for sample in samples(language, clinic, now=make.NOW, steps=[]):
        if sample.message.kind in WITH_A_TIME:
            text = plain(body(arrived(sample, clinic), "plain"))
            assert zone in text.splitlines()[0]
            seen.add(sample.message.kind)
    assert seen == WITH_A_TIME


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_e_mail_has_arabic_indic_digits_or_tells_a_reason(language):
    clinic = make.clinic()
    for sample in samples(
        language,
        clinic,
        now=make.NOW,
        steps=[(step,) for step in make.aftercare_steps(make.treatment())],
    ):
        row = sample.message.consultation
        assert row is not None
        row.cancel_reason = row.move_reason = row.guardian_name = CANARY
        mail = arrived(sample, clinic)
        words = body(mail, "plain") + body(mail, "html") + mail["Subject"]
        assert not re.search("[\u0660-\u0669\u06f0-\u06f9]", words)
        assert CANARY not in words


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_did_not_allow_it_never_reads_what_the_visit_is_about(language):
    clinic, named = make.clinic(), 0
    for sample in samples(
        language,
        clinic,
        now=make.NOW,
        steps=[(step,) for step in make.aftercare_steps(make.treatment())],
    ):
        row, session = sample.message.consultation, sample.message.session
        assert row is not None
        row.treatment = Treatment(id=0, name_en=CANARY, name_ar=CANARY)
        row.concern = Concern(id=0, name_en=CANARY, name_ar=CANARY)
        if isinstance(session, TreatmentSession):
            session.treatment = row.treatment
        mail = arrived(sample, clinic)
        words = body(mail, "plain") + body(mail, "html")
        assert CANARY not in mail["Subject"]
        assert row.names_treatment or CANARY not in words
        named += CANARY in words
    assert named > 5
