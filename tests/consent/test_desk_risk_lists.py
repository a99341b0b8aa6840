"""Risk lists at the desk: written by one person, published by another, then only read."""

import pytest
from bs4 import BeautifulSoup

from clinic import clock
from consent.models import ListState, RiskList
from tests import desk, make
from tests.bookings.test_desk_hours import form_of

pytestmark = [pytest.mark.django_db, pytest.mark.empty_clinic]


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def draft() -> RiskList:
    """A draft that the lead wrote, for a treatment that has no list yet."""
    return make.risk_list(make.treatment(risks=0), risks=3)


def page(row):
    return desk.url("consent_risklist_change", row.pk)


def press(row, verb, client):
    response = client.post(desk.url(f"consent_risklist_{verb}", row.pk), follow=True)
    row.refresh_from_db()
    return response


def names(row) -> list[str]:
    return list(row.risks.order_by("position").values_list("key", flat=True))


def test_a_draft_is_written_with_english_and_arabic_side_by_side():
    row, client = draft(), desk.lead()
    soup = BeautifulSoup(client.get(page(row)).content, "html.parser")
    arabic = soup.select_one("[name=risks-0-what_it_is_ar]")
    assert (arabic["lang"], arabic["dir"]) == ("ar", "rtl")
    given = form_of(page(row), client) | {"risks-0-name_en": "Infection of the skin"}
    assert client.post(page(row), given).status_code == 302
    assert row.risks.get(position=1).name_en == "Infection of the skin"


def test_two_side_effects_change_places_and_are_numbered_anew():
    row, client = draft(), desk.lead()
    first, second, third = names(row)
    given = form_of(page(row), client) | {"risks-0-place": "2", "risks-1-place": "1"}
    assert client.post(page(row), given).status_code == 302
    assert names(row) == [second, first, third]
    assert list(row.risks.values_list("position", flat=True)) == [1, 2, 3]


def test_a_side_effect_is_added_and_one_taken_away():
    row, client = draft(), desk.lead()
    given = form_of(page(row), client)
    new = {
        name.replace("risks-0-", "risks-3-"): value
        for name, value in given.items()
        if name.startswith("risks-0-")
    }
    new |= {"risks-3-id": "", "risks-3-key": "allergy", "risks-3-place": "1"}
    given |= new | {"risks-TOTAL_FORMS": "4", "risks-1-DELETE": "on"}
    assert client.post(page(row), given).status_code == 302
    assert names(row) == ["skin-infection", "allergy", "burning"]


def test_a_list_goes_from_its_writer_to_a_second_person_and_is_then_only_read():
    row = draft()
    press(row, "send-to-review", desk.lead())
    assert row.state == ListState.IN_REVIEW
    assert "A second person" in press(row, "publish", desk.lead()).content.decode()
    assert row.state == ListState.IN_REVIEW
    press(row, "publish", desk.dermatologist())
    assert (row.state, row.published_by.username) == (ListState.PUBLISHED, "huda")
    for client in (desk.lead(), desk.dermatologist()):
        soup = BeautifulSoup(client.get(page(row)).content, "html.parser")
        assert soup.select("#risklist_form textarea") == []
        assert client.post(page(row), {"statement_en": "x"}).status_code == 403


def test_only_its_writer_changes_a_draft():
    row = draft()
    other = desk.client_of(make.staff("other-lead", group="Lead"))
    assert other.post(page(row), {"statement_en": "x"}).status_code == 403
    assert other.post(desk.url("consent_risklist_send-to-review", row.pk)).status_code == 403


def test_a_list_with_words_missing_is_not_sent():
    row = draft()
    row.risks.update(name_ar="")
    assert "Words are missing" in press(row, "send-to-review", desk.lead()).content.decode()
    assert row.state == ListState.DRAFT


def test_a_new_version_begins_with_the_newest_words_once():
    live = make.treatment().risk_lists.get()
    client = desk.lead()
    press(live, "new-version", client)
    press(live, "new-version", client)
    assert list(RiskList.objects.values_list("version", "state").order_by("version")) == [
        (1, "published"),
        (2, "draft"),
    ]


def test_a_version_is_begun_for_a_treatment_from_the_list():
    about = make.treatment(risks=0)
    desk.lead().post(desk.url("consent_risklist_add"), {"treatment": about.pk})
    assert RiskList.objects.get().written_by.username == "lead"


def test_a_dermatologist_writes_no_list():
    row = draft()
    client = desk.dermatologist()
    for verb in ("new-version", "send-to-review"):
        assert client.post(desk.url(f"consent_risklist_{verb}", row.pk)).status_code == 403
    assert client.get(desk.url("consent_risklist_publish", row.pk)).status_code == 405


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_list_costs_as_many_queries_for_three_rows_as_for_one(
    how_many, django_assert_num_queries
):
    for number in range(how_many):
        make.treatment(f"treatment-{number}")
    client = desk.lead()
    with django_assert_num_queries(10):
        client.get(desk.url("consent_risklist_changelist"))
