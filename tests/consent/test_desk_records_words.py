"""What the patient saw, letter by letter, beside today's wording with the differences marked."""

import pytest

import consent.actions
from clinic import clock
from consent.models import Risk, RiskList
from tests import make
from tests.consent.records import page, talking, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def next_version() -> RiskList:
    """A draft of the next version, to be changed and published."""
    return consent.actions.start_list(treatment=make.treatment(), written_by=make.staff("lead"))


def reworded(draft: RiskList, key: str, **fields) -> None:
    Risk.objects.filter(risk_list=draft, key=key).update(**fields)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_stored_words_stand_there_letter_by_letter(language):
    record = talking(language=language)
    stored = [(act.words, act.statement) for act in record.reading.acknowledgements.all()]
    shown = []
    for box in page(record).select(".act .shown"):
        *words, statement = [one.get_text() for one in box.select(".words")]
        shown.append(("\n\n".join(words), statement))
    assert shown == stored


def test_where_nothing_changed_one_line_says_so_and_nothing_is_repeated():
    soup = page(talking())
    assert len(soup.select(".same-today")) == 1
    assert soup.select(".today, ins, del") == []


def test_a_changed_wording_stands_beside_with_its_words_marked():
    record = talking()
    draft = next_version()
    reworded(draft, "burning", what_helps_en="Cold water helps.")
    make.publish(draft)
    soup = page(record)
    assert soup.select(".same-today") == []
    changed = [one for one in soup.select(".act") if one.select("ins, del")]
    assert len(changed) == 1
    assert changed[0].select_one("h3").get_text() == "Burning sensation"
    assert "Icing" in changed[0].select_one("del").get_text()
    assert "Cold water" in changed[0].select_one("ins").get_text()
    assert "Icing helps." in changed[0].select_one(".shown").get_text()
    same = [one for one in soup.select(".act .today") if "is the same" in one.get_text()]
    assert len(same) == 3


def test_the_other_languages_wording_is_no_change_for_this_patient():
    record = talking(language="ar")
    draft = next_version()
    reworded(draft, "burning", what_helps_en="Cold water helps.")
    make.publish(draft)
    assert len(page(record).select(".same-today")) == 1


def test_an_arabic_change_is_marked_in_arabic_and_from_right_to_left():
    record = talking(language="ar")
    draft = next_version()
    reworded(draft, "burning", what_helps_ar="الماء البارد يساعد.")
    make.publish(draft)
    box = page(record).select_one("ins").find_parent("div")
    assert (box["lang"], box["dir"]) == ("ar", "rtl")


def test_a_changed_statement_is_marked_with_every_side_effect():
    record = talking()
    draft = next_version()
    RiskList.objects.filter(pk=draft.pk).update(statement_en="I know that this can happen")
    make.publish(draft)
    marked = page(record).select(".today .statement")
    assert [one.select_one("ins").get_text().count("know") for one in marked] == [1] * 4


def test_what_is_listed_no_more_and_what_was_never_shown_is_said():
    record = talking()
    draft = next_version()
    draft.risks.get(key="burning").delete()
    Risk.objects.filter(risk_list=draft, key="skin-infection").update(
        key="itching", name_en="Itching"
    )
    make.publish(draft)
    soup = page(record)
    gone = [one.select_one("h3").get_text() for one in soup.select(".act:has(.today)")]
    text = text_of(soup)
    assert len(gone) == 4 and text.count("Not listed any more today.") == 2
    assert "Listed today, and never shown to this patient: Itching" in text


def test_without_a_list_today_that_is_said_and_the_words_still_stand():
    record = talking()
    RiskList.objects.filter(state="published").update(state="retired")
    text = text_of(page(record))
    assert "No list is published for this treatment today." in text
    assert "What burning sensation is." in text


def test_the_times_are_the_clinics_with_seconds_and_utc_under_the_pointer():
    record = talking()
    shown = page(record).select_one(".act time")
    assert text_of(shown) == "22 November 2026 10:00:00"
    assert shown["title"] == "2026-11-22 06:00:00.000000 UTC"
    assert shown["datetime"] == "2026-11-22T06:00:00+00:00"


def test_reading_quickly_is_a_hint_and_the_seconds_are_said():
    text = text_of(page(talking()))
    assert text.count("0.0 seconds ! read quickly") == 4
    visit = make.proven(starts_at=make.TOMORROW_AT_9.replace(hour=8))
    reading = consent.actions.open_reading(consultation=visit, language="en", now=make.NOW)
    for risk in reading.risk_list.risks.order_by("position"):
        consent.actions.acknowledge(
            consultation=visit,
            shown=consent.actions.shown(reading=reading, risk=risk, now=make.NOW),
            understood=True,
            now=make.NOW.replace(second=12, microsecond=340000),
        )
    record = consent.actions.seal(
        consultation=visit, reading=reading.pk, now=make.NOW.replace(minute=1)
    )
    text = text_of(page(record))
    assert text.count("12.3 seconds") == 4
    assert "read quickly" not in text
