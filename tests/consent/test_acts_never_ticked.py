"""No page comes with a tick: not in a language switched midway, nor by anything in an address."""

from typing import Any

import pytest

import consent.actions
from bookings.models import Consultation
from clinic import clock
from consent.models import Acknowledgement, Reading
from tests import make
from tests.consent.evidence import counts
from tests.consent.shown import by_page, page_of
from tests.person import Person


@pytest.fixture(autouse=True)
def at_ten_in_dubai(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


@pytest.mark.django_db
def test_a_language_switched_midway_begins_anew():
    page = page_of(make.proven())
    person = Person().walks(page.consultation).open("/book/risks/2/").press("العربية")
    arabic = Reading.objects.latest("pk")
    assert person.url == "/ar/book/risks/1/" and arabic.language == "ar"
    assert not arabic.acknowledgements.exists()
    assert Consultation.objects.get().risks_acknowledged == 0
    before = counts()
    assert by_page(page, "acknowledge") == 409  # the English page is still open in another tab
    assert counts() == before
    person.open("/book/risks/1/")  # and back: nothing comes back from the first English reading
    assert not Reading.objects.latest("pk").acknowledgements.exists()


TICKS = [
    "?understood=on",
    "?understood=true",
    "?understood=1",
    "?understood",
    "?understood=on&wants_to_talk=on&question=x",
    "?answers=understood",
    "?initial-understood=on",
    "?act=talk&understood=on",
    "#understood",
    "#id_understood",
    "?shown=x&understood=checked#id_understood",
    "?switch_language=ar&understood=on",
]


@pytest.mark.django_db
@pytest.mark.parametrize("address", TICKS)
def test_nothing_in_an_address_can_render_a_tick(address):
    consultation = make.proven()
    person = Person().walks(consultation)
    for number in (1, 2):
        path = f"/book/risks/{number}/"
        assert not ticked(person.open(path + address))
        assert person.url.partition("?")[0].partition("#")[0] == path
        assert not ticked(person.press("Save and go on", question="a" * 301))  # after an error
        assert not ticked(person.press("Save and go on"))
        person.open(path).press("Save and go on", understood="on")
        assert not ticked(person.open(path + address))  # nor once it is acknowledged
        person.open(f"/book/risks/{number + 1}/")
    assert Acknowledgement.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("address", TICKS)
def test_nor_on_the_own_page_of_a_visit_that_asks_again(address):
    consultation = make.confirmed()
    record = consultation.consent_records.get()
    consent.actions.withdraw(
        consultation=consultation, record=record.pk, language="en", now=make.NOW
    )
    person = Person().opens_own_page(consultation)
    for path in ("/my/risks/1/", "/ar/my/risks/1/", "/my/risks/", "/my/risks/check/"):
        assert not ticked(person.open(path + address))
    assert Acknowledgement.objects.count() == 4


def ticked(person: Person) -> list[Any]:
    """Whatever is checked on the page, in either way of writing it."""
    return person.page.select("[checked], [aria-checked=true]")
