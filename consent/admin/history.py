"""A record's history: all that happened with a consultation's side effects, in time order."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext

from clinic.admin import comma
from clinic.i18n import text_in
from consent.admin.papers import LOOKS_SHOWN, Papers
from consent.models import ConsentRecord, PatientAct, RecordAccess, Review


@dataclass(frozen=True)
class Event:
    """One thing that happened; `words` are somebody's own, `record` is another record to open."""

    at: dt.datetime
    sign: str
    says: str
    words: str = ""
    record: ConsentRecord | None = None
    is_quiet: bool = False


def history_in(papers: Papers) -> list[Event]:
    """The oldest first. Everything was read already: no query."""
    events = [*_readings(papers), *_acts(papers), *_records(papers), *_patient_acts(papers)]
    events += [_review(papers, review) for review in papers.reviews]
    events += [_look(look) for look in papers.looks]
    if papers.erasure:
        words = gettext("The personal values were erased.")
        events.append(Event(papers.erasure.written_at, "✕", words))
    return sorted(events, key=lambda event: event.at)


def has_earlier_looks(papers: Papers) -> bool:
    """Whether there may be looks that the history leaves out."""
    return len(papers.looks) == LOOKS_SHOWN


def _readings(papers: Papers) -> Iterator[Event]:
    for reading in papers.readings:
        opened = gettext("Reading opened: %(language)s, version %(version)s, read by %(who)s.") % {
            "language": reading.get_language_display(),
            "version": reading.risk_list.version,
            "who": reading.get_read_by_display(),
        }
        yield Event(reading.opened_at, "▸", opened)


def _records(papers: Papers) -> Iterator[Event]:
    for reading in papers.readings:
        record = getattr(reading, "record", None)
        if record is None:
            continue
        if record == papers.record:
            yield Event(record.sealed_at, "●", gettext("This record was sealed."))
        else:
            other = gettext("Another record was sealed.")
            yield Event(record.sealed_at, "●", other, record=record)


def _acts(papers: Papers) -> Iterator[Event]:
    """Each act where it took place; what a later reading took over is not told again.

    The questions of this record stand on top of its page; those of others are told here.
    """
    for act in papers.every_act:
        if act.carried_from_id is None:
            is_here = act.reading_id == papers.record.reading_id
            words = "" if is_here else papers.words(act.question_commitment)
            says = _about(gettext("Side effect acknowledged"), act.risk, act.language)
            if act.wants_to_talk:
                says = format_html("{}{}{}", says, comma(), gettext("wants to talk"))
            yield Event(act.acknowledged_at, "✓", says, words)


def _patient_acts(papers: Papers) -> Iterator[Event]:
    for act in papers.patient_acts:
        words = papers.words(act.note_commitment)
        yield Event(act.acted_at, "!", _says_of(act), words)


def _says_of(act: PatientAct) -> str:
    kind = act.get_kind_display()
    return _about(kind, act.risk, act.language) if act.risk else kind


def _about(what: str, risk: Any, language: str) -> str:
    """What was done, and the side effect by the name that the patient read."""
    return format_html(
        '{}: <bdi lang="{}">{}</bdi>', what, language, text_in(risk, "name", language)
    )


def _review(papers: Papers, review: Review) -> Event:
    signed = gettext("licence number %(number)s") % {"number": review.licence_number}
    parts = (review.get_decision_display(), str(review.dermatologist), signed)
    says = f"{gettext('Reviewed')}: {comma().join(parts)}"
    return Event(review.reviewed_at, "✓", says, papers.words(review.note_commitment))


def _look(look: RecordAccess) -> Event:
    who = look.by.get_full_name() or look.by.get_username()
    says = format_html("<bdi>{}</bdi>: {}", who, look.get_how_display())
    return Event(look.accessed_at, "○", says, is_quiet=True)
