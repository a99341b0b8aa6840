"""The certificate on the patient's own page, and as a PDF from there."""

import pypdfium2
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consent.certificate import certificate_of, pdf_of
from tests import make
from tests.consent import exhibits
from tests.consent.test_certificate import sealed
from tests.person import Person

pytestmark = pytest.mark.django_db


def test_the_page_says_what_it_is_and_what_it_is_not():
    person = Person().opens_own_page(make.confirmed()).open("/my/acknowledged/")
    assert person.heading == "Certificate of acknowledgement of risk information"
    assert person.has("This is not consent to a procedure.")


def test_the_words_stay_in_the_language_that_was_read_whatever_the_sites():
    record = sealed(language="ar", patient_name="سلمى")
    person = Person().opens_own_page(record.consultation).open("/my/acknowledged/")
    acts = record.reading.acknowledgements.order_by("risk__position")
    for act, text in zip(acts, person.page.select(".words"), strict=True):
        assert (text["lang"], text["dir"]) == ("ar", "rtl")
        assert "\n\n".join(part.get_text() for part in text.find_all(["h2", "p"])) == act.words
    declaration = person.page.find("bdi", string=record.declaration)
    assert (declaration["lang"], declaration["dir"]) == ("ar", "rtl")
    assert person.has("Read in this language Arabic")
    assert person.page.html["lang"] == "en"


def test_what_was_typed_is_text_on_the_page():
    typed = "<b>bold</b> \u202eoverride 😀\nnext line"
    record = sealed(question=typed, patient_name="<i>Layla</i>")
    person = Person().opens_own_page(record.consultation).open("/my/acknowledged/")
    assert not person.page.main.select("b, i")
    assert person.has("<i>Layla</i>")
    typed_again = [bdi for bdi in person.page.main.select("bdi") if "bold" in bdi.get_text()]
    assert len(typed_again) == make.RISKS
    for bdi in typed_again:
        assert (bdi["dir"], bdi.get_text("\n")) == ("auto", typed)


def test_the_page_links_to_where_the_receipt_is_checked():
    record = sealed()
    person = Person().opens_own_page(record.consultation).open("/my/acknowledged/")
    receipt = certificate_of(record).receipt
    assert person.link("Check this receipt")["href"] == receipt.url
    assert person.page.select_one('.qr[role="img"]')["aria-label"]
    assert person.page.select_one(".qr svg path")


def test_the_pdf_is_the_certificates():
    record = sealed()
    person = Person().opens_own_page(record.consultation)
    answer = person.client.get("/my/acknowledged.pdf")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content == pdf_of(certificate_of(record))
    assert "no-store" in answer["Cache-Control"]
    # A list of downloads tells nothing about anybody's health.
    name = f"{record.consultation.grouped_reference}.pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'


def test_page_and_pdf_name_the_interpreter_and_the_language_spoken():
    record = exhibits.interpreter()
    person = Person().opens_own_page(record.consultation).open("/my/acknowledged/")
    assert person.has("Ana Cruz")
    assert person.has("Language of the interpreter Tagalog")
    first = pypdfium2.PdfDocument(pdf_of(certificate_of(record)))[0]
    printed = " ".join(first.get_textpage().get_text_bounded().split())
    assert "Ana Cruz" in printed
    assert "Language of the interpreter Tagalog" in printed


def test_the_pdf_begins_with_the_language_that_was_read():
    record = sealed(language="ar")
    person = Person().opens_own_page(record.consultation)
    for address in ("/my/acknowledged.pdf", "/ar/my/acknowledged.pdf"):
        pages = pypdfium2.PdfDocument(person.client.get(address).content)
        assert "عدوى جلدية" in pages[0].get_textpage().get_text_bounded()


def test_the_page_links_to_the_pdf_in_its_own_language():
    person = Person().opens_own_page(make.confirmed())
    for address in ("/my/acknowledged/", "/ar/my/acknowledged/"):
        links = [link["href"] for link in person.open(address).page.select("main a.button")]
        assert links == [address.rstrip("/") + ".pdf"]


@pytest.mark.parametrize("address", ["/my/acknowledged/", "/my/acknowledged.pdf"])
def test_before_it_is_sealed_there_is_nothing_to_certify(address):
    person = Person().opens_own_page(make.proven()).open(address)
    assert person.url == "/my/"


@pytest.mark.parametrize("address", ["/my/acknowledged/", "/my/acknowledged.pdf"])
def test_a_stranger_gets_neither(address):
    make.confirmed()
    assert Person().open(address).status == 404


@pytest.mark.parametrize("risks", [1, 3])
def test_the_pdf_takes_eight_queries_however_many_side_effects(risks):
    treatment = make.treatment("long", risks=risks)
    dermatologist = make.dermatologist("omar", treatments=[treatment])
    consultation = make.confirmed(treatment=treatment, dermatologist=dermatologist)
    person = Person().opens_own_page(consultation)
    with CaptureQueriesContext(connection) as queries:
        person.client.get("/my/acknowledged.pdf")
    assert len(queries) == 8
