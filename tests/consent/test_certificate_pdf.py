"""The certificate's PDF: what it claims to be, that people's words stay words, and its QR code."""

import ctypes
import dataclasses
import datetime as dt
import json
import os
import re
import time

import pypdfium2
import pypdfium2.raw as raw
import pytest
import time_machine
import typst
import zxingcpp
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from bookings.receipts import signature_letters
from consent.certificate import Certificate, certificate_of, pdf_of, told_in
from consent.certificate.letters import DRAWN, STAND_IN
from consent.certificate.paper import STANDARDS
from tests import make
from tests.consent.test_certificate import erase, sealed
from tests.consent.test_certificate_arabic import words_of

pytestmark = pytest.mark.django_db
MARKUP = (
    """#panic("no") $x^2$ *bold* _it_ `raw` <label> @ref \\ \\" // no /* no */ [x] {y} = - + ~"""
)


@pytest.fixture
def certificate() -> Certificate:
    return certificate_of(sealed(patient_name="Layla Hassan", question="Does it hurt?"))


def asking(certificate: Certificate, question: str) -> Certificate:
    """The same certificate with another question beside its first side effect."""
    first, *others = certificate.acts
    return dataclasses.replace(
        certificate, acts=(dataclasses.replace(first, question=question), *others)
    )


def text_of(pdf: bytes) -> str:
    """All its text, page after page, as PDFium reads it."""
    pages = pypdfium2.PdfDocument(pdf)
    return "\n".join(page.get_textpage().get_text_bounded() for page in pages)


# --- What it claims to be ----------------------------------------------------------------------


def test_it_says_that_it_is_pdf_a_2a_and_pdf_ua_1(certificate):
    """Typst holds it against both while it writes it; no other validator has (decision 015)."""
    pdf = pdf_of(certificate)
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    assert b"<pdfaid:conformance>A</pdfaid:conformance>" in pdf
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf


@pytest.mark.parametrize(
    ("layout", "refusal"),
    [
        ("#set document(title: [T])\n#text(fallback: false)[\U0001f600]", "could not be displayed"),
        ("Hello", "missing document title"),
        ('#set document(title: [T])\n#image(bytes(QR), format: "svg")', "missing alt text"),
        ("#set document(title: [T])\n= One\n=== Three", "skipped"),
    ],
)
def test_typst_refuses_what_these_standards_refuse(certificate, layout, refusal):
    svg = json.dumps(certificate.receipt.qr_svg)
    layout = layout.encode().replace(b"QR", svg.encode())
    with pytest.raises(typst.TypstError, match=refusal):
        typst.Compiler(layout).compile(format="pdf", pdf_standards=STANDARDS, timestamp=make.NOW)


def test_it_has_a_title_a_language_and_tags(certificate):
    document = pypdfium2.PdfDocument(pdf_of(certificate))
    known = document.get_metadata_dict()
    reference = certificate.record.consultation.grouped_reference
    assert known["Title"] == f"Certificate of acknowledgement of risk information {reference}"
    assert known["Author"] == "Marsa Skin Clinic"
    assert known["CreationDate"] == "D:20261122060100Z"  # when it was sealed
    assert raw.FPDFCatalog_IsTagged(document)


def elements(pdf: bytes) -> list[tuple[str, str, str]]:
    """Kind, language (its own or its parent's) and alternative text of every tag, in the order of reading."""
    found = []

    def words(ask, element) -> str:
        buffer = ctypes.create_string_buffer(2000)
        length = ask(element, buffer, 2000)
        return buffer.raw[: max(length - 2, 0)].decode("utf-16-le")

    def walk(element, language: str) -> None:
        language = words(raw.FPDF_StructElement_GetLang, element) or language
        kind = words(raw.FPDF_StructElement_GetType, element)
        found.append((kind, language, words(raw.FPDF_StructElement_GetAltText, element)))
        for number in range(raw.FPDF_StructElement_CountChildren(element)):
            if child := raw.FPDF_StructElement_GetChildAtIndex(element, number):
                walk(child, language)

    for page in pypdfium2.PdfDocument(pdf):
        tree = raw.FPDF_StructTree_GetForPage(page)
        for number in range(raw.FPDF_StructTree_CountChildren(tree)):
            walk(raw.FPDF_StructTree_GetChildAtIndex(tree, number), "en")
        raw.FPDF_StructTree_Close(tree)
    return found


@pytest.mark.parametrize("language", ["ar", "en"])
def test_headings_and_pictures_are_tagged_each_in_its_language(language):
    certificate = certificate_of(sealed(language=language))
    found = elements(pdf_of(certificate))
    first = [kind for kind, spoken, _alt in found if spoken == language]
    assert {"H1", "H2", "H3", "P", "Figure", "Link"} <= set(first)
    both = [(kind, spoken) for kind, spoken, _alt in found if kind == "H1"]
    assert both == [("H1", language), ("H1", "en" if language == "ar" else "ar")]
    pictures = [alt for kind, _spoken, alt in found if kind == "Figure"]
    assert len(pictures) == 2 and all(pictures)


def test_its_only_fonts_are_those_beside_the_layout(certificate):
    names = set(re.findall(rb"/BaseFont ?/[A-Z]{6}\+([\w-]+)", pdf_of(certificate)))
    assert {name.partition(b"-")[0] for name in names} == {b"NotoSans", b"NotoNaskhArabic"}


def test_it_is_the_same_bytes_whenever_and_wherever_it_is_made(certificate, monkeypatch):
    pdf = pdf_of(certificate)
    monkeypatch.setitem(os.environ, "TZ", "Pacific/Kiritimati")
    time.tzset()
    with time_machine.travel(dt.datetime(2031, 3, 4, tzinfo=dt.UTC)):
        assert pdf_of(certificate_of(certificate.record)) == pdf
    with override("ar"):
        assert pdf_of(certificate) == pdf
    monkeypatch.undo()
    time.tzset()


def test_it_is_made_whatever_the_microsecond_of_the_seal():
    """Typst's clock has full seconds; the seal's has microseconds."""
    at = make.NOW + dt.timedelta(microseconds=123_456)
    record = make.sealed(make.proven(), now=at)
    assert record.sealed_at.microsecond
    assert pdf_of(certificate_of(record)).startswith(b"%PDF-")


def test_it_asks_the_database_nothing(certificate):
    with CaptureQueriesContext(connection) as queries:
        pdf_of(certificate)
    assert len(queries) == 0


def test_every_page_says_that_it_is_not_consent_to_a_procedure(certificate):
    parts = [told_in(certificate, code, words_in=code) for code in ("en", "ar")]
    purposes = [words_of(part.purpose) for part in parts]
    pages = pypdfium2.PdfDocument(pdf_of(certificate))
    assert len(pages) >= 4
    for page in pages:
        first = page.get_textpage().get_text_bounded().splitlines()[0]
        assert words_of(first, by_pdfium=True) in purposes


# --- People's words are words ------------------------------------------------------------------


def test_what_people_type_is_never_markup(certificate):
    text = text_of(pdf_of(asking(certificate, MARKUP)))
    assert text.count(MARKUP) == 2  # once in each language


def test_a_name_in_markup_is_a_name(certificate):
    name = '#image("/etc/passwd") $ * @'
    text = text_of(pdf_of(dataclasses.replace(certificate, patient_name=name)))
    assert text.count(name) == 2


def test_an_override_turns_nothing_round(certificate):
    text = text_of(pdf_of(asking(certificate, "safe \u202etxet live\u202c end \u2067x\u2069")))
    assert text.count("safe txet live end x") == 2


def test_line_ends_stay(certificate):
    text = text_of(pdf_of(asking(certificate, "one\ntwo\r\nthree\u2028four")))
    assert text.count("\r\none\r\ntwo\r\nthree\r\nfour\r\n") == 2


@pytest.mark.parametrize("letters", ["x" * 1000, "س" * 1000, "long words " * 100, "كلمات " * 170])
def test_a_thousand_letters_stay_on_the_paper(certificate, letters):
    for page in pypdfium2.PdfDocument(pdf_of(asking(certificate, letters))):
        width, height = page.get_size()
        text = page.get_textpage()
        for at in range(text.count_chars()):
            left, bottom, right, top = text.get_charbox(at)
            assert 0 <= left <= right <= width and 0 <= bottom <= top <= height


def test_words_for_more_than_a_page_go_on_to_the_next(certificate):
    words = [f"nth{number}" for number in range(3000)]
    text = text_of(pdf_of(asking(certificate, " ".join(words)))).split()
    assert [word for word in text if word.startswith("nth")] == words * 2


def test_a_letter_that_the_fonts_lack_is_stood_in_for(certificate):
    text = text_of(pdf_of(asking(certificate, "thanks \U0001f600 谢谢 \x07\ue000")))
    assert text.count(f"thanks {STAND_IN} {STAND_IN * 2} {STAND_IN * 2}") == 2


def test_every_letter_that_the_fonts_are_said_to_draw_can_be_drawn(certificate):
    """Typst refuses a missing glyph (PDF/A), so none may be missing, in either weight."""
    letters = [chr(code) for code in sorted(DRAWN)]
    for at in range(0, len(letters), 400):
        assert pdf_of(asking(certificate, " ".join(letters[at : at + 400])))


def test_an_erased_patients_pdf_names_nobody(certificate):
    erase(certificate.record)
    text = text_of(pdf_of(certificate_of(certificate.record)))
    assert "Layla" not in text and "hurt" not in text
    assert "erased" in text and "Burning sensation" in text


# --- The receipt -------------------------------------------------------------------------------


def test_a_phone_reads_the_receipts_address_off_the_paper(certificate):
    read = [
        code.text
        for page in pypdfium2.PdfDocument(pdf_of(certificate))
        for code in zxingcpp.read_barcodes(page.render(scale=150 / 72).to_pil())
    ]
    assert read == [certificate.receipt.url] * 2


def test_the_receipt_can_be_copied_from_the_paper(certificate):
    text = "".join(text_of(pdf_of(certificate)).split())
    receipt = certificate.receipt
    for letters in (
        receipt.entry_hash,
        signature_letters(receipt.signature),
        receipt.key_id,
    ):
        assert text.count(letters) == 2
