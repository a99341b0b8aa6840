"""What the patient saw and acknowledged, beside what stands in the list today."""

from dataclasses import dataclass

from clinic.differences import Piece, marked
from clinic.i18n import text_in
from clinic.models import VersionState
from consent.admin.papers import Papers
from consent.models import Acknowledgement, ActKind, Risk
from consent.parts import parts_of

QUICKLY = 2.0  # seconds between shown and acknowledged: a hint to talk about it, never a block


@dataclass(frozen=True)
class Part:
    """One part of the words under its heading: as it was, and as it is today."""

    heading: str
    words: str
    today: list[Piece]


@dataclass(frozen=True)
class Answer:
    """One side effect as the patient saw it, the act, and today's wording of the same side effect."""

    act: Acknowledgement
    name: str
    parts: list[Part]
    question: str
    name_today: list[Piece]
    statement_today: list[Piece]
    is_listed: bool

    @property
    def is_changed(self) -> bool:
        pieces = [*self.name_today, *self.statement_today]
        pieces += [piece for part in self.parts for piece in part.today]
        return any(piece.kind != "same" for piece in pieces)

    @property
    def seconds(self) -> float:
        """How long the page stood between shown and acknowledged."""
        return (self.act.acknowledged_at - self.act.shown_at).total_seconds()

    @property
    def was_quick(self) -> bool:
        return self.seconds < QUICKLY

    @property
    def is_open(self) -> bool:
        """Whether there is something to talk about."""
        return self.act.wants_to_talk or bool(self.act.question_commitment)


@dataclass(frozen=True)
class Wish:
    """A wish to talk about a side effect first, sent without acknowledging it."""

    name: str
    language: str
    statement: str
    question: str


def answers_in(papers: Papers, today: dict[str, Risk]) -> list[Answer]:
    """The record's acts in order; `today` is the live list, by the risks' short names."""
    return [_answer(papers, act, today.get(act.risk.key)) for act in papers.acts]


def wishes_in(papers: Papers) -> list[Wish]:
    """Every wish to talk of this consultation that was an act of its own."""
    return [
        Wish(
            name=text_in(act.risk, "name", act.language) if act.risk else "",
            language=act.language,
            statement=act.statement,
            question=papers.words(act.note_commitment),
        )
        for act in papers.patient_acts
        if act.kind == ActKind.WANTS_TO_TALK
    ]


def todays_risks(papers: Papers) -> dict[str, Risk]:
    """The side effects that are listed today for the record's treatment, in order; one query."""
    live = Risk.objects.filter(
        risk_list__treatment=papers.record.reading.risk_list.treatment_id,
        risk_list__state=VersionState.PUBLISHED,
    )
    return {risk.key: risk for risk in live.select_related("risk_list").order_by("position")}


def _answer(papers: Papers, act: Acknowledgement, today: Risk | None) -> Answer:
    name, _break, rest = act.words.partition("\n\n")
    seen = _parts_seen(act, rest)
    return Answer(
        act=act,
        name=name,
        parts=_beside(seen, today, act.language),
        question=papers.words(act.question_commitment),
        name_today=marked(name, text_in(today, "name", act.language)) if today else [],
        statement_today=(
            marked(act.statement, text_in(today.risk_list, "statement", act.language))
            if today
            else []
        ),
        is_listed=today is not None,
    )


def _parts_seen(act: Acknowledgement, rest: str) -> dict[str, tuple[str, str]]:
    """{part: (heading, words)}; in one piece where the stored words are not those of the list."""
    if act.words != act.risk.words(act.language):
        return {"": ("", rest)}
    parts = parts_of(act.risk, act.language)
    return {part["name"]: (part["heading"], part["words"]) for part in parts}


def _beside(seen: dict[str, tuple[str, str]], today: Risk | None, language: str) -> list[Part]:
    """Each part of either text, in the order of the page."""
    there = parts_of(today, language) if today else []
    now = {part["name"]: (part["heading"], part["words"]) for part in there}
    names = [name for name in ("", *Risk.PARTS) if name in seen or name in now]
    found = []
    for name in names:
        heading, words = seen.get(name, ("", ""))
        heading_now, words_now = now.get(name, ("", ""))
        pieces = marked(words, words_now) if today else []
        found.append(Part(heading or heading_now, words, pieces))
    return found
