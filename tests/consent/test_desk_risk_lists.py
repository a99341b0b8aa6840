"""Risk lists at the desk: written by one person, published by another, then only read."""

import pytest
from bs4 import BeautifulSoup
from django.contrib.admin.models import LogEntry

from clinic import clock
from clinic.models import VersionState
from consent.models import LedgerEntry, RiskList
from tests import desk, make
from tests.bookings.test_desk_hours import form_of

pytestmark = [pytest.mark.django_db, pytest.mark.empty_clinic]


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def draft() -> RiskList:
    """A draft that the lead wrote, for a treatment that has no list yet."""
    return make.risk_list(make.treatment(risks=0), risks=3)


def draft_of_another() -> RiskList:
    return make.risk_list(make.treatment("peeling", risks=0), risks=2)


def page(row):
    return desk.url("consent_risklist_change", row.pk)


def step(row, name):
    return desk.url(f"consent_risklist_{name}", row.pk)


def press(row, verb, client, **given):
    response = client.post(step(row, verb), given, follow=True)
    row.refresh_from_db()
    return response


def soup_of(client, address) -> BeautifulSoup:
    answer = client.get(address)
    assert answer.status_code == 200
    return BeautifulSoup(answer.content, "html.parser")


def words_of(tag) -> str:
    return " ".join(tag.get_text(" ").split())


def pressed_below_the_preview(row, verb, client):
    """The button as the page has it, with what it showed."""
    page = soup_of(client, step(row, "preview"))
    assert page.select_one(f"button[formaction='../{verb}/']"), words_of(page.main or page)
    previewed = page.select_one("input[name=previewed]")["value"]
    return press(row, verb, client, previewed=previewed)


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


def test_a_list_goes_from_its_writer_to_a_dermatologist_and_is_then_only_read():
    row = draft()
    press(row, "send-to-review", desk.lead(), change_note="New.")
    assert (row.state, row.change, row.change_note) == (VersionState.IN_REVIEW, "first", "New.")
    huda = desk.dermatologist()
    pressed_below_the_preview(row, "reviewed", huda)
    assert row.reviewed_by.username == "huda"
    pressed_below_the_preview(row, "publish", huda)
    assert (row.state, row.published_by.username) == (VersionState.PUBLISHED, "huda")
    for client in (desk.lead(), huda):
        soup = soup_of(client, page(row))
        assert soup.select("#risklist_form textarea") == []
        assert client.post(page(row), {"statement_en": "x"}).status_code == 403


def test_its_writer_finds_no_button_to_review_or_to_publish_it_and_cannot_without():
    row, lead = make.in_review(draft()), desk.lead()
    shown = soup_of(lead, step(row, "preview"))
    assert shown.select("button[formaction]") == []
    assert "A second person has to publish this version." in words_of(shown)
    previewed = shown.select_one("input[name=previewed]")["value"]
    for verb in ("reviewed", "publish"):
        said = press(row, verb, lead, previewed=previewed).content.decode()
        assert "A second person has to" in said
    assert (row.state, row.reviewed_by) == (VersionState.IN_REVIEW, None)


def test_nobody_publishes_what_they_have_not_looked_at():
    row = make.reviewed(draft())
    said = press(row, "publish", desk.dermatologist()).content.decode()
    assert "The list has changed since you looked." in said
    assert row.state == VersionState.IN_REVIEW


def test_a_list_that_is_sent_back_shows_its_writer_the_remark():
    row = make.reviewed(draft())
    huda = desk.dermatologist()
    assert "This field is required." in press(row, "send-back", huda, remark=" ").content.decode()
    press(row, "send-back", huda, remark="Say <how> long it lasts.")
    assert (row.state, row.reviewed_by) == (VersionState.DRAFT, None)
    shown = soup_of(desk.lead(), page(row))
    assert "Say <how> long it lasts." in words_of(shown.select_one(".remark"))
    assert "huda" in words_of(shown.select_one(".remark"))


def test_a_step_that_is_pressed_twice_is_done_once_and_says_that_it_is_done():
    row, lead, huda = draft(), desk.lead(), desk.dermatologist()
    previewed = None
    for verb, client, given, said in (
        ("send-to-review", lead, {"change_note": "New."}, "Sent to review."),
        ("send-back", huda, {"remark": "Shorter."}, "Sent back to the writer."),
        ("send-to-review", lead, {"change_note": "New."}, "Sent to review."),
        ("reviewed", huda, {}, "The review is kept."),
        ("publish", huda, {}, "Published."),
    ):
        if not given:
            previewed = soup_of(huda, step(row, "preview")).select_one("input[name=previewed]")
            given = {"previewed": previewed["value"]}
        before = LogEntry.objects.count()
        for _time in range(2):
            shown = BeautifulSoup(press(row, verb, client, **given).content, "html.parser")
            assert said in words_of(shown.select_one(".messagelist .success")), verb
            assert not shown.select(".messagelist .error, .errornote, .errorlist"), verb
        assert LogEntry.objects.count() == before + 1, verb
    assert row.state == VersionState.PUBLISHED and row.remarks.count() == 1
    assert RiskList.objects.count() == LedgerEntry.objects.count() == 1


def test_a_step_that_somebody_else_took_is_refused_with_other_words_than_theirs():
    row, lead, huda = draft(), desk.lead(), desk.dermatologist()
    press(row, "send-to-review", lead, change_note="New.")
    other = press(row, "send-to-review", lead, change_note="Something else.")
    assert "Only a draft can be sent to review." in other.content.decode()
    assert row.change_note == "New."
    press(row, "send-back", huda, remark="Shorter.")
    assert "Only a list in review can be sent back." in (
        press(row, "send-back", huda, remark="Longer.").content.decode()
    )
    row = make.publish(draft_of_another())
    said = press(row, "publish", huda, previewed="x").content.decode()
    assert "Only a list in review can be published." in said


def test_a_later_version_asks_what_kind_of_change_it_is():
    row, lead = make.risk_list(make.treatment(), risks=3), desk.lead()
    shown = soup_of(lead, step(row, "send-to-review"))
    assert len(shown.select("input[name=change][type=radio]")) == 2
    assert "0 booked patients would be asked again" in words_of(shown)
    said = press(row, "send-to-review", lead, change="editorial", change_note="Less.")
    assert "A side effect was added or removed" in said.content.decode()
    assert row.state == VersionState.DRAFT
    press(row, "send-to-review", lead, change="material", change_note="Less.")
    assert (row.state, row.change) == (VersionState.IN_REVIEW, "material")


def test_the_preview_shows_what_goes_live_what_differs_and_who_is_asked_again():
    make.confirmed()
    row = make.risk_list(make.treatment(), risks=3)
    row.risks.filter(position=1).update(what_helps_en="Warm towels help.")
    make.reviewed(row)
    shown = soup_of(desk.dermatologist(), step(row, "preview"))
    first = shown.select_one("section[aria-labelledby=risk-skin-infection]")
    assert "changed" in words_of(first.h2)
    assert "Warm towels help." in words_of(first.select_one("[lang=en]"))
    assert [words_of(tag) for tag in first.select("del")] == ["[taken out: Icing helps. ]"]
    assert [words_of(tag) for tag in first.select("ins")] == ["[new: Warm towels help. ]"]
    assert "the same" in words_of(shown.select_one("#risk-burning"))
    assert "taken out" in words_of(shown.select_one("#risk-swelling-bruising"))
    assert shown.select_one("[lang=ar][dir=rtl]")
    assert "1 booked patient is asked to acknowledge again" in words_of(shown)


def test_a_draft_shows_beside_the_words_how_hard_they_are_and_what_differs():
    row = make.risk_list(make.treatment(), risks=3)
    hard = "Postprocedural hyperpigmentation necessitates dermatological reassessment."
    long = "كلمة " * 16
    row.risks.filter(position=2).update(what_it_is_en=hard, what_it_is_ar=long.strip() + ".")
    shown = soup_of(desk.lead(), page(row))
    first, second = shown.select_one("#risks-0"), shown.select_one("#risks-1")
    assert "English: school grade" in words_of(first)
    assert "try shorter" not in words_of(first)
    assert first.select("ins") == [] and hard in words_of(second.find("ins"))
    assert "above 6: try shorter words" in words_of(second)
    assert "Arabic: 7.3 words in a sentence" in words_of(second)
    assert "one sentence has 16 words" in words_of(second)
    assert "one sentence has" not in words_of(first)
    assert "Taken out since the live version: Swelling and bruising" in words_of(shown)


def test_typed_words_are_kept_in_one_spelling_and_hidden_signs_are_refused_at_their_place():
    row, client = draft(), desk.lead()
    given = form_of(page(row), client)
    given |= {"risks-0-name_en": "Cafe\u0301", "risks-0-what_it_is_en": "One.\r\nTwo."}
    assert client.post(page(row), given).status_code == 302
    risk = row.risks.get(position=1)
    assert (risk.name_en, risk.what_it_is_en) == ("Caf\u00e9", "One.\nTwo.")
    said = {"risks-1-what_helps_ar": "ثلج\u202eبارد", "statement_en": "\u200bI know"}
    shown = BeautifulSoup(client.post(page(row), given | said).content, "html.parser")
    errors = [words_of(tag) for tag in shown.select(".errorlist li")]
    assert errors == [
        "There is a sign at the beginning that nobody can see (U+200B). Delete it.",
        "There is a sign that nobody can see (U+202E) after “ثلج”. Delete it.",
    ]
    note = "More.\u2066"
    said = press(row, "send-to-review", client, change_note=note).content.decode()
    assert "(U+2066) after “More.”" in said


def test_only_its_writer_changes_a_draft():
    row = draft()
    other = desk.client_of(make.staff("other-lead", group="Lead"))
    assert other.post(page(row), {"statement_en": "x"}).status_code == 403
    assert other.post(desk.url("consent_risklist_send-to-review", row.pk)).status_code == 403


def test_a_list_with_words_missing_is_not_sent():
    row = draft()
    row.risks.update(name_ar="")
    said = press(row, "send-to-review", desk.lead(), change_note="New.").content.decode()
    assert "Words are missing" in said
    assert row.state == VersionState.DRAFT


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


def test_reception_sees_no_list_and_takes_no_step():
    row, client = make.in_review(draft()), desk.reception()
    for name in ("preview", "send-to-review", "send-back"):
        assert client.get(step(row, name)).status_code == 403
    for name in ("reviewed", "publish", "send-back"):
        assert client.post(step(row, name)).status_code == 403


def test_a_list_that_is_not_there_leads_to_the_front_page():
    gone, client = RiskList(pk=999), desk.client_of(make.staff("boss"))
    make.staff("boss").__class__.objects.filter(username="boss").update(is_superuser=True)
    for name in ("preview", "send-to-review", "send-back", "reviewed", "publish"):
        assert client.post(step(gone, name)).url == desk.url("index")


def test_a_dermatologist_writes_no_list():
    row = draft()
    client = desk.dermatologist()
    for verb in ("new-version", "send-to-review"):
        assert client.post(desk.url(f"consent_risklist_{verb}", row.pk)).status_code == 403
    for verb in ("publish", "reviewed"):
        assert client.get(step(row, verb)).status_code == 405


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_list_costs_as_many_queries_for_three_rows_as_for_one(
    how_many, django_assert_num_queries
):
    for number in range(how_many):
        make.treatment(f"treatment-{number}")
    client = desk.lead()
    with django_assert_num_queries(10):
        client.get(desk.url("consent_risklist_changelist"))


@pytest.mark.parametrize("name", ["preview", "change"])
def test_a_list_of_three_side_effects_costs_as_many_queries_as_one_of_one(
    name, django_assert_num_queries
):
    make.treatment()
    huda = desk.dermatologist()
    for risks in (1, 3):
        row = make.reviewed(make.risk_list(make.treatment(), risks=risks))
        address = page(row) if name == "change" else step(row, name)
        with django_assert_num_queries(15 if name == "preview" else 19):
            assert huda.get(address).status_code == 200
