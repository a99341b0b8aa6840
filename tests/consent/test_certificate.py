"""What a certificate says of a sealed record, in which words."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import consent.actions
from bookings.receipts import signature_from
from consent import ledger
from consent.actions.entering import content_of
from consent.certificate import Certificate, Telling, certificate_of, told_in
from consent.models import ConsentRecord, EntryKind
from tests import make
from tests.consent import exhibits

pytestmark = pytest.mark.django_db


def sealed(*, question: str = "", **fields) -> ConsentRecord:
    """A record whose side effects were shown at the full minute and acknowledged 7 seconds later."""
    consultation = make.proven(**fields)
    reading = consent.actions.open_reading(
        consultation=consultation, language=consultation.language, now=make.NOW
    )
    for risk in reading.risk_list.risks.order_by("position"):
        consent.actions.acknowledge(
            consultation=consultation,
            shown=consent.actions.shown(reading=reading, risk=risk, now=make.NOW),
            understood=True,
            wants_to_talk=bool(question),
            question=question,
            now=make.NOW + dt.timedelta(seconds=7, microseconds=900_000),
        )
    return consent.actions.seal(
        consultation=consultation, reading=reading.pk, now=make.NOW + dt.timedelta(minutes=1)
    )


def told(certificate: Certificate, language: str = "en", words_in: str = "") -> Telling:
    return told_in(certificate, language, words_in=words_in or certificate.reading.language)


def said(lines, label: str) -> list[str]:
    """The values under a label."""
    for line in lines:
        if line.label == label:
            return [value.text for value in line.values]
    raise AssertionError(f"no line {label!r} among {[line.label for line in lines]}")


def erase(record: ConsentRecord) -> None:
    """Lawfully erases the particulars, as the application's role may."""
    content = content_of(
        kind=EntryKind.ERASURE,
        body={},
        consultation=record.consultation,
        key=ledger.signing_key_id(),
        now=make.NOW,
    )
    signed = ledger.sign_hash(ledger.sha256(content))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT erase_particulars(%s, %s, %s, %s)",
            [record.consultation_id, content, signed.key_id, signed.signature],
        )


# --- What it says ------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "ar"])
def test_it_says_every_side_effect_in_exactly_the_words_that_were_read(language):
    record = sealed(language=language)
    risks = told(certificate_of(record)).risks
    acts = record.reading.acknowledgements.order_by("risk__position")
    assert len(risks) == len(acts) == make.RISKS
    for risk, act in zip(risks, acts, strict=True):
        words = "\n\n".join([risk.name, *(words for _heading, words in risk.parts)])
        assert words == act.words
        assert said(risk.lines, "Ticked") == [act.statement]


def test_words_that_are_not_laid_out_as_the_list_is_are_said_all_the_same():
    """A list's layout can change; the words that were read cannot."""
    record = sealed()
    act = certificate_of(record).acts[0].row
    act.words = "Other words\n\nof an older layout"
    certificate = certificate_of(record)
    changed = told(
        Certificate(**{**vars(certificate), "acts": (type(certificate.acts[0])(act, ""),)})
    )
    assert (changed.risks[0].name, changed.risks[0].parts) == ("", (("", act.words),))


def test_it_says_when_in_the_clinics_words_and_to_the_second():
    lines = told(certificate_of(sealed())).risks[0].lines
    (words, exact) = said(lines, "Acknowledged")
    assert "10:00" in words and "Sunday 22 November 2026" in words and "Dubai" in words
    assert exact == "2026-11-22 06:00:07 UTC"
    assert said(lines, "Shown")[1] == "2026-11-22 06:00:00 UTC"
    assert said(lines, "Time on it") == ["7 seconds"]


def test_it_names_the_patient_the_list_and_the_language():
    certificate = certificate_of(sealed(language="ar", patient_name="سلمى حسن"))
    about = told(certificate).about
    assert said(about, "Patient") == ["سلمى حسن"]
    assert said(about, "The clinic") == ["Marsa Skin Clinic", "1 Creek Road, Dubai"]
    assert said(about, "Treatment") == ["Mesotherapy"]
    assert said(about, "Version of the list") == ["1"]
    assert said(about, "Read in this language") == ["Arabic"]
    assert "Read by" not in [line.label for line in about]


def test_a_guardian_is_named_and_called_one():
    child = dt.date(2015, 3, 4)
    certificate = certificate_of(sealed(guardian_name="Amal Hassan", birth_date=child))
    assert said(told(certificate).about, "Read by") == [
        "the guardian of a patient under 18",
        "Amal Hassan",
    ]


@pytest.mark.parametrize(
    ("language", "label", "erased"),
    [("en", "Language of the interpreter", "erased"), ("ar", "لغة المترجم", "تمّ المحو")],
)
def test_the_language_spoken_with_an_interpreter_is_told_until_it_is_erased(
    language, label, erased
):
    record = exhibits.interpreter()
    assert said(told(certificate_of(record), language).about, label) == ["Tagalog"]
    erase(record)
    assert said(told(certificate_of(record), language).about, label) == [erased]


def test_who_reads_alone_speaks_with_nobody():
    labels = [line.label for line in told(certificate_of(sealed())).about]
    assert "Language of the interpreter" not in labels


def test_a_question_stands_beside_its_side_effect():
    lines = told(certificate_of(sealed(question="Does it <hurt>?"))).risks[2].lines
    assert said(lines, "Question") == ["Does it <hurt>?"]
    assert said(lines, "Wants to talk about it") == ["yes"]


def test_what_was_carried_over_is_called_so():
    consultation = make.proven()
    first = make.acknowledge_all(consultation)
    risk = first.risk_list.risks.get(position=2)
    shown = consent.actions.shown(reading=first, risk=risk, now=make.NOW)
    act = consent.actions.acknowledge(
        consultation=consultation, shown=shown, understood=True, question="Why?", now=make.NOW
    )
    record = consent.actions.seal(consultation=consultation, reading=act.reading_id, now=make.NOW)
    risks = told(certificate_of(record)).risks
    carried = ["Note" in [line.label for line in one.lines] for one in risks]
    assert carried == [True, False, True, True]


def test_it_says_that_it_is_not_consent_to_a_procedure():
    english = told(certificate_of(sealed()), "en")
    assert english.notes[0] == "This is not consent to a procedure."
    assert english.purpose == "Acknowledgement of risk information. Not consent to a procedure."


def test_the_other_language_is_told_as_a_translation_that_nobody_acknowledged():
    record = sealed(language="ar")
    read, other = (told(certificate_of(record), "en", words_in) for words_in in ("ar", "en"))
    assert (read.is_translation, other.is_translation) == (False, True)
    assert any("It was not acknowledged" in note for note in other.notes)
    assert not any("It was not acknowledged" in note for note in read.notes)
    first = record.reading.risk_list.risks.get(position=1)
    assert (read.risks[0].name, other.risks[0].name) == (first.name_ar, first.name_en)
    assert said(other.risks[0].lines, "Ticked") == ["I understand that this can happen"]
    assert said(other.seal, "Declaration")[0].startswith("I have read and understood these 4")
    assert said(read.seal, "Declaration") == [record.declaration]


# --- The receipt -------------------------------------------------------------------------------


def test_the_receipt_is_the_entrys_in_groups():
    record = sealed()
    certificate = certificate_of(record)
    receipt, lines = certificate.receipt, told(certificate).receipt
    (hashed, *digits), (signed, *letters), (_hash, *key) = (said(lines, one.label) for one in lines)
    assert (hashed, signed) == ("SHA-256", "Ed25519")
    assert "".join(digits).replace(" ", "") == record.record_hash
    assert "".join(key).replace(" ", "") == record.entry.key_id
    signature = signature_from("".join(letters).replace(" ", ""))
    assert signature == receipt.signature == bytes(record.entry.signature)
    assert all(len(value.text) <= 35 for line in lines for value in line.values)


# --- Erased, withdrawn -------------------------------------------------------------------------


def test_an_erased_patients_certificate_says_so_and_keeps_the_words():
    record = sealed(patient_name="Layla Hassan", question="Does it hurt?")
    before = told(certificate_of(record))
    erase(record)
    certificate = certificate_of(record)
    after = told(certificate)
    assert certificate.patient_name is None
    assert said(after.about, "Patient") == ["erased"]
    assert said(after.risks[0].lines, "Question") == ["erased"]
    assert [risk.parts for risk in after.risks] == [risk.parts for risk in before.risks]


def test_a_withdrawn_record_says_when():
    record, later = sealed(), make.NOW + dt.timedelta(hours=1)
    assert certificate_of(record).withdrawn_at is None
    consent.actions.withdraw(
        consultation=record.consultation, record=record.pk, language="en", now=later
    )
    lines = told(certificate_of(record)).seal
    assert said(lines, "Withdrawn by the patient")[1] == "2026-11-22 07:00:00 UTC"


@pytest.mark.parametrize("risks", [1, 3])
def test_a_certificate_takes_five_queries_however_many_side_effects(risks):
    treatment = make.treatment("long", risks=risks)
    dermatologist = make.dermatologist("omar", treatments=[treatment])
    record = sealed(treatment=treatment, dermatologist=dermatologist, question="Why?")
    with CaptureQueriesContext(connection) as queries:
        certificate = certificate_of(record)
        told(certificate), told(certificate, "ar", "ar")
    assert len(queries) == 5
