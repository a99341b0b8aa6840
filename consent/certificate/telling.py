"""How the certificate says it, in one language: the page and the paper lay out the same lines."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from bookings.receipts import Receipt, signature_letters
from clinic import times
from clinic.i18n import Language, text_in
from clinic.templatetags.clinic_pages import grouped
from consent.actions.statements import declaration_of
from consent.certificate.facts import Act, Certificate
from consent.copies import Answer
from consent.models import ReadBy
from consent.parts import parts_of

GROUP = 8  # letters and digits of a hash that stand together
GROUPS = 4  # of them on a line: a long hash is broken by hand, never by chance


class Kind(StrEnum):
    """Whose words a value is, which decides its direction and what may stand in it."""

    SAID = "said"  # ours; U+2066 to 2069 mark what keeps its own direction
    TYPED = "typed"  # a person's own
    WORDS = "words"  # the risk list's, in one language
    CODE = "code"  # numbers and letters for machines, left to right


@dataclass(frozen=True)
class Value:
    text: str
    kind: Kind = Kind.SAID


HASH, SIGNATURE = Value("SHA-256", Kind.CODE), Value("Ed25519", Kind.CODE)


@dataclass(frozen=True)
class Line:
    """A label and what stands under it."""

    label: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class RiskTold:
    """One side effect: its words part by part under their headings ("" for none), then its lines."""

    place: str
    name: str
    parts: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Telling:
    """The whole certificate in one language; the risks' words are in `words_in`."""

    language: str
    words_in: str
    is_translation: (
        bool  # the words are not those that were read, but the same version's in another language
    )
    title: str
    purpose: str  # stands on every page
    notes: tuple[str, ...]
    about: tuple[Line, ...]
    risks: tuple[RiskTold, ...]
    seal: tuple[Line, ...]
    receipt: tuple[Line, ...]
    receipt_title: str
    checking: str  # what the receipt is for
    qr_alt: str
    link: str
    page: str  # of how many: {n} and {m} stand for the numbers


def told_in(certificate: Certificate, language: str, *, words_in: str) -> Telling:
    """The certificate in `language`, with the risks' words in `words_in`.

    Where that is not the language that was read, the words are the same version's in the other
    language, and the telling says that they were not acknowledged.
    """
    read_in = certificate.reading.language
    with override(language):
        return Telling(
            language=language,
            words_in=words_in,
            is_translation=words_in != read_in,
            title=_("Certificate of acknowledgement of risk information")
            if words_in == read_in
            else _("Translation of the certificate"),
            purpose=_("Acknowledgement of risk information. Not consent to a procedure."),
            notes=tuple(_notes(certificate, is_translation=words_in != read_in)),
            about=tuple(_about(certificate, language)),
            risks=tuple(
                _risk(certificate, act, number, language, words_in)
                for number, act in enumerate(certificate.acts, 1)
            ),
            seal=tuple(_seal(certificate, language, words_in)),
            receipt=tuple(_receipt(certificate.receipt)),
            receipt_title=_("Your receipt"),
            checking=_(
                "With this receipt anybody can check that the clinic signed this record and still holds "
                "it unchanged. Scan the square code, or open the link under it."
            ),
            qr_alt=_("QR code with the address where this receipt can be checked"),
            link=_("Check this receipt"),
            page=_("Page %(number)s of %(count)s") % {"number": "{n}", "count": "{m}"},
        )


def _notes(certificate: Certificate, *, is_translation: bool) -> Iterator[str]:
    yield _("This is not consent to a procedure.")
    yield _(
        "It records that you read about these side effects before your consultation. The dermatologist "
        "talks with you about the risks first; consent to a procedure is given only at the clinic."
    )
    if is_translation:
        read_in = Language(certificate.reading.language).label
        yield _(
            "This part is a translation of what was read. It was not acknowledged: what was acknowledged "
            "are the words in the other part. They were read in this language: %(language)s."
        ) % {"language": read_in}
    if certificate.reading.is_demo:
        yield _("This is demo data: nobody was asked, and nothing was acknowledged.")


def _about(certificate: Certificate, language: str) -> Iterator[Line]:
    """Who it is about, and which list was read."""
    clinic, reading = certificate.clinic, certificate.reading
    yield Line(
        _("The clinic"),
        (
            Value(text_in(clinic, "name", language), Kind.TYPED),
            Value(text_in(clinic, "address", language), Kind.TYPED),
        ),
    )
    yield _typed(_("Patient"), certificate.patient_name)
    if reading.read_by != ReadBy.SELF:
        yield Line(
            _("Read by"),
            (
                Value(str(ReadBy(reading.read_by).label)),
                *_typed("", certificate.reader_name).values,
            ),
        )
    if reading.read_by == ReadBy.INTERPRETER:
        yield _typed(_("Language of the interpreter"), certificate.spoken)
    yield Line(
        _("Reference"), (Value(grouped(certificate.record.consultation.reference), Kind.CODE),)
    )
    risk_list = reading.risk_list
    yield Line(_("Treatment"), (Value(text_in(risk_list.treatment, "name", language), Kind.TYPED),))
    yield Line(_("Version of the list"), (Value(str(risk_list.version), Kind.CODE),))
    yield Line(_("Read in this language"), (Value(str(Language(reading.language).label)),))


def _risk(
    certificate: Certificate, act: Act, number: int, language: str, words_in: str
) -> RiskTold:
    row, read_in = act.row, certificate.reading.language
    as_read = Answer(row, "")
    is_in_parts = words_in != read_in or bool(as_read.name)
    parts = [(part["heading"], part["words"]) for part in parts_of(row.risk, words_in)]
    place = _("Side effect %(number)s of %(count)s") % {
        "number": number,
        "count": len(certificate.acts),
    }
    return RiskTold(
        place=place,
        name=text_in(row.risk, "name", words_in) if is_in_parts else "",
        parts=tuple(parts) if is_in_parts else (("", row.words),),
        lines=tuple(_answer(certificate, act, language, words_in)),
    )


def _answer(certificate: Certificate, act: Act, language: str, words_in: str) -> Iterator[Line]:
    """What was ticked, when, after how long, and what was asked."""
    row, is_read = act.row, words_in == certificate.reading.language
    statement = (
        row.statement if is_read else text_in(certificate.reading.risk_list, "statement", words_in)
    )
    yield Line(_("Ticked"), (Value(statement, Kind.WORDS),))
    yield _moment(_("Shown"), row.shown_at, certificate, language)
    yield _moment(_("Acknowledged"), row.acknowledged_at, certificate, language)
    after = ngettext("%(count)d second", "%(count)d seconds", act.seconds) % {"count": act.seconds}
    yield Line(_("Time on it"), (Value(after),))
    if row.carried_from_id:
        yield Line(_("Note"), (Value(_("carried over from an earlier reading, same words")),))
    if row.question_commitment:
        yield _typed(_("Question"), act.question)
    yield Line(_("Wants to talk about it"), (Value(_("yes") if row.wants_to_talk else _("no")),))


def _seal(certificate: Certificate, language: str, words_in: str) -> Iterator[Line]:
    record = certificate.record
    declaration = declaration_of(record, language=words_in, count=len(certificate.acts))
    yield Line(_("Declaration"), (Value(declaration, Kind.WORDS),))
    yield _moment(_("Sealed"), record.sealed_at, certificate, language)
    if certificate.withdrawn_at:
        yield _moment(
            _("Withdrawn by the patient"), certificate.withdrawn_at, certificate, language
        )


def _receipt(receipt: Receipt) -> Iterator[Line]:
    """Hash, signature and fingerprint, in groups."""
    signature = signature_letters(receipt.signature)
    # The algorithm's name stands on a line of its own: in an Arabic one, PDFium takes it apart.
    yield Line(_("Hash of the record"), (HASH, *_in_groups(receipt.entry_hash)))
    yield Line(_("Signature of the clinic"), (SIGNATURE, *_in_groups(signature)))
    yield Line(_("Fingerprint of the clinic's key"), (HASH, *_in_groups(receipt.key_id)))


def _moment(label: str, moment: dt.datetime, certificate: Certificate, language: str) -> Line:
    """A time by the clinic's clock in words, and to the second in UTC."""
    words = times.in_words(moment, certificate.clinic.zone, language, isolated=True)
    exact = moment.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return Line(label, (Value(words), Value(exact, Kind.CODE)))


def _typed(label: str, words: str | None) -> Line:
    """A person's own words, or that they were erased."""
    return Line(label, (Value(_("erased")) if words is None else Value(words, Kind.TYPED),))


def _in_groups(letters: str) -> tuple[Value, ...]:
    groups = [letters[at : at + GROUP] for at in range(0, len(letters), GROUP)]
    lines = (" ".join(groups[at : at + GROUPS]) for at in range(0, len(groups), GROUPS))
    return tuple(Value(line, Kind.CODE) for line in lines)
