"""Aftercare at the desk: written by one person, published by another, then only read."""

import pytest
from bs4 import BeautifulSoup
from django.contrib.admin.models import LogEntry

from bookings.emails import versions
from clinic import actions, clock
from clinic.models import AftercarePlan, VersionState
from tests import desk, make
from tests.bookings.hours import form_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def draft(*hours: int) -> AftercarePlan:
    return make.plan(make.treatment(), hours=hours or (0, 24, 48))


def page(row) -> str:
    return desk.url("clinic_aftercareplan_change", row.pk)


def step(row, name) -> str:
    return desk.url(f"clinic_aftercareplan_{name}", row.pk)


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
    shown = soup_of(client, step(row, "preview"))
    assert shown.select_one(f"button[formaction='../{verb}/']"), words_of(shown)
    return press(row, verb, client, previewed=shown.select_one("input[name=previewed]")["value"])


def test_a_draft_is_written_with_english_and_arabic_side_by_side():
    row, client = draft(), desk.lead()
    soup = soup_of(client, page(row))
    arabic = soup.select_one("[name=steps-0-body_ar]")
    assert (arabic["lang"], arabic["dir"]) == ("ar", "rtl")
    given = form_of(page(row), client) | {
        "steps-0-title_en": "Cafe\u0301",
        "steps-1-DELETE": "on",
    }
    assert client.post(page(row), given).status_code == 302
    first = row.steps.get(key="after-0")
    assert first.title_en == "Caf\u00e9"
    assert set(row.steps.values_list("key", flat=True)) == {"after-0", "after-48"}
    said = {"steps-0-body_ar": "ثلج\u202eبارد"}
    shown = client.post(page(row), form_of(page(row), client) | said).content.decode()
    assert "There is a sign that nobody can see (U+202E) after “ثلج”. Delete it." in shown


def test_a_plan_goes_from_its_writer_to_a_dermatologist_and_is_then_only_read():
    row = draft()
    press(row, "send-to-review", desk.lead(), change_note="New.")
    assert (row.state, row.change_note) == (VersionState.IN_REVIEW, "New.")
    huda = desk.dermatologist()
    pressed_below_the_preview(row, "reviewed", huda)
    assert row.reviewed_by.slug == "huda"
    pressed_below_the_preview(row, "publish", huda)
    assert (row.state, row.published_by.username) == (VersionState.PUBLISHED, "huda")
    for client in (desk.lead(), huda, desk.reception()):
        soup = soup_of(client, page(row))
        assert soup.select("#aftercareplan_form textarea") == []
        assert client.post(page(row), {"steps-0-title_en": "x"}).status_code == 403
        assert client.get(desk.url("clinic_aftercareplan_delete", row.pk)).status_code == 403


def test_its_writer_finds_no_button_to_review_or_to_publish_it_and_cannot_without():
    row, lead = draft(), desk.lead()
    press(row, "send-to-review", lead, change_note="New.")
    shown = soup_of(lead, step(row, "preview"))
    assert shown.select("button[formaction]") == []
    assert "A second person has to publish this version." in words_of(shown)
    previewed = shown.select_one("input[name=previewed]")["value"]
    for verb in ("reviewed", "publish"):
        said = press(row, verb, lead, previewed=previewed).content.decode()
        assert "A second person has to" in said
    assert (row.state, row.reviewed_by) == (VersionState.IN_REVIEW, None)


def test_nobody_publishes_what_they_have_not_looked_at():
    row = make.reviewed_plan(draft())
    said = press(row, "publish", desk.dermatologist()).content.decode()
    assert "The plan has changed since you looked." in said
    assert row.state == VersionState.IN_REVIEW


def test_a_plan_that_is_sent_back_shows_its_writer_the_remark():
    row = make.reviewed_plan(draft())
    huda = desk.dermatologist()
    assert "This field is required." in press(row, "send-back", huda, remark=" ").content.decode()
    press(row, "send-back", huda, remark="Say <how> long.")
    assert (row.state, row.reviewed_by) == (VersionState.DRAFT, None)
    assert "Say <how> long." in words_of(soup_of(desk.lead(), page(row)).select_one(".remark"))


def test_a_step_that_is_pressed_twice_is_done_once_and_says_that_it_is_done():
    row, lead, huda = draft(), desk.lead(), desk.dermatologist()
    for verb, client, given, said in (
        ("send-to-review", lead, {"change_note": "New."}, "Sent to review."),
        ("reviewed", huda, {}, "The review is kept."),
        ("publish", huda, {}, "Published."),
        ("retire", huda, {}, "Retired."),
    ):
        if verb in ("reviewed", "publish"):
            shown = soup_of(huda, step(row, "preview")).select_one("input[name=previewed]")
            given = {"previewed": shown["value"]}
        before = LogEntry.objects.count()
        for _time in range(2):
            soup = BeautifulSoup(press(row, verb, client, **given).content, "html.parser")
            assert said in words_of(soup.select_one(".messagelist .success")), verb
        assert LogEntry.objects.count() == before + 1, verb
    assert row.state == VersionState.RETIRED


def test_a_live_plan_ends_only_after_a_second_thought():
    row = make.publish_plan(draft())
    client = desk.lead()
    shown = soup_of(client, step(row, "retire"))
    assert "No aftercare is sent after this treatment" in words_of(shown)
    row.refresh_from_db()
    assert row.state == VersionState.PUBLISHED
    press(row, "retire", client)
    assert row.state == VersionState.RETIRED


def test_the_preview_shows_each_e_mail_in_both_languages_and_what_differs():
    make.publish_plan(draft())
    row = make.plan(make.treatment())
    row.steps.filter(key="after-0").update(body_en="1. Wait.\n2. Wrap ice in a towel.")
    row.steps.filter(key="after-24").update(hours_after=6)
    row.steps.filter(key="after-48").delete()
    make.write_step(row, 72)
    make.write_step(row, 72, key="sun", position=2, title_en="The sun")
    shown = soup_of(desk.lead(), step(row, "preview"))
    sections = {tag.h2["id"]: tag for tag in shown.select("section.module")}
    first = sections["mail-after-0"]
    assert words_of(first.h2) == "Right after the session"
    assert [words_of(tag) for tag in first.select("div[lang=en] ol li")] == [
        "Wait.",
        "Wrap ice in a towel.",
    ]
    assert "changed" in words_of(first.select_one(".differs-heading"))
    assert any("10 minutes." in words_of(tag) for tag in first.select("del"))
    assert first.select_one("[lang=ar][dir=rtl] ol")
    assert "6 hours after the session" in words_of(sections["mail-after-24"].h2).lower()
    assert "moved" in words_of(sections["mail-after-24"].select_one(".differs-heading"))
    together = sections["mail-after-72"]
    assert words_of(together.h2) == "3 days after the session"
    assert "The sun" in words_of(together.select_one("div[lang=en]"))
    warnings = [words_of(tag) for tag in together.select("div[lang=en] .urgent")]
    assert warnings == ["Call the same day: spreading redness.", "Call 998: trouble breathing."]
    assert "taken out" in words_of(sections["gone-after-48"].h2)


def test_a_published_plan_shows_the_hash_of_each_e_mail_and_the_hash_leads_back_to_it():
    row = make.publish_plan(draft())
    shown = soup_of(desk.reception(), step(row, "preview"))
    first = row.steps.select_related("plan__treatment").get(key="after-24")
    wording = versions.hash_of_steps([first], "ar")
    assert shown.select_one(f"[id='{wording}'][lang=ar]")
    assert len(shown.select(".hash")) == 6
    answer = desk.reception().get(desk.url("clinic_aftercareplan_words", wording))
    assert answer.headers["Location"] == f"{step(row, 'preview')}#{wording}"
    unknown = desk.reception().get(desk.url("clinic_aftercareplan_words", "0" * 64), follow=True)
    assert "No version of any plan has these words." in unknown.content.decode()


def test_only_its_writer_changes_a_draft():
    row = draft()
    other = desk.client_of(make.staff("other-lead", group="Lead"))
    assert other.post(page(row), {"steps-0-title_en": "x"}).status_code == 403
    assert other.post(step(row, "send-to-review")).status_code == 403


def test_a_new_version_begins_with_the_newest_words_once():
    live = make.publish_plan(draft())
    client = desk.lead()
    press(live, "new-version", client)
    press(live, "new-version", client)
    client.post(desk.url("clinic_aftercareplan_add"), {"treatment": live.treatment.pk})
    assert list(AftercarePlan.objects.values_list("version", "state").order_by("version")) == [
        (1, "published"),
        (2, "draft"),
    ]


def test_reception_reads_and_takes_no_step():
    row, client = draft(), desk.reception()
    assert client.get(step(row, "preview")).status_code == 200
    for name in ("send-to-review", "send-back", "retire", "reviewed", "publish", "new-version"):
        assert client.post(step(row, name)).status_code == 403
    assert desk.dermatologist().post(step(row, "send-to-review")).status_code == 403
    for verb in ("publish", "reviewed"):
        assert desk.dermatologist().get(step(row, verb)).status_code == 405


def test_a_plan_that_is_not_there_leads_to_the_front_page():
    gone, boss = AftercarePlan(pk=999), make.staff("boss")
    boss.is_superuser = True
    boss.save()
    client = desk.client_of(boss)
    for name in ("preview", "send-to-review", "send-back", "reviewed", "publish", "retire"):
        assert client.post(step(gone, name)).url == desk.url("index")


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_list_costs_as_many_queries_for_three_rows_as_for_one(
    how_many, django_assert_num_queries
):
    for number in range(how_many):
        make.publish_plan(make.plan(make.treatment(f"treatment-{number}", risks=0), hours=(0,)))
    client = desk.lead()
    with django_assert_num_queries(10):
        client.get(desk.url("clinic_aftercareplan_changelist"))


@pytest.mark.parametrize(("name", "queries"), [("preview", 16), ("change", 18)])
def test_a_plan_of_three_steps_costs_as_many_queries_as_one_of_one(
    name, queries, django_assert_num_queries
):
    huda = desk.dermatologist()
    make.publish_plan(draft(0))
    for hours in ((0,), (0, 24, 48)):
        row = make.reviewed_plan(make.plan(make.treatment(), hours=hours))
        with django_assert_num_queries(queries):
            assert huda.get(page(row) if name == "change" else step(row, name)).status_code == 200


def test_a_lead_who_is_linked_to_a_dermatologist_is_offered_no_review():
    row = make.plan(make.treatment(), hours=(0,))
    row = actions.submit_for_review(plan=row, change_note="New.")
    huda = make.dermatologist()
    huda.user = make.staff("lead2", group="Lead")
    huda.save()
    client, button = desk.client_of(huda.user), "button[formaction='../reviewed/']"
    assert not soup_of(client, step(row, "preview")).select_one(button)
    make.staff("lead2", group="Dermatologists")
    assert soup_of(client, step(row, "preview")).select_one(button)
