"""What a patient acknowledged, in the exact words, with their own questions put beside them."""

from collections.abc import Iterable
from dataclasses import dataclass

from bookings.models import Consultation
from clinic.i18n import text_in
from consent.models import Acknowledgement, ConsentRecord, Particulars, Risk
from consent.parts import parts_of


@dataclass(frozen=True)
class Answer:
    """One risk's acknowledgement, and the question that belongs to it ("" for none, or erased)."""

    act: Acknowledgement
    question: str

    @property
    def name(self) -> str:
        """The side effect's name as it was read, or "" where the stored words are not the list's."""
        language = self.act.reading.language
        risk = self.act.risk
        return text_in(risk, "name", language) if self.act.words == risk.words(language) else ""

    @property
    def parts(self) -> list[dict[str, str]]:
        """The words that were read, part by part, or nothing where they are not the list's."""
        return parts_of(self.act.risk, self.act.reading.language) if self.name else []


@dataclass(frozen=True)
class Copy:
    """A sealed record as its patient may read and print it."""

    record: ConsentRecord
    answers: list[Answer]


def answers_to(acts: Iterable[Acknowledgement]) -> dict[int, Answer]:
    """Each risk's answer, by the risk's id: one query for all questions."""
    acts = list(acts)
    asked = [act.question_commitment for act in acts if act.question_commitment]
    kept = Particulars.objects.filter(commitment__in=asked) if asked else []
    words = {particulars.commitment: particulars.value for particulars in kept}
    return {act.risk_id: Answer(act, words.get(act.question_commitment, "")) for act in acts}


def copy_of(consultation: Consultation) -> Copy | None:
    """The newest seal with its acknowledgements in order, or None before it is sealed."""
    record = (
        ConsentRecord.objects.filter(consultation=consultation)
        .select_related("reading__risk_list__treatment")
        .order_by("-id")
        .first()
    )
    if record is None:
        return None
    acts = record.reading.acknowledgements.select_related("risk", "reading").order_by(
        "risk__position"
    )
    return Copy(record, list(answers_to(acts).values()))


def last_answer(consultation: Consultation, risk: Risk) -> Answer | None:
    """What the patient last said about this side effect, in whichever language or version.

    Only to fill in their own question again: it acknowledges nothing.
    """
    act = (
        Acknowledgement.objects.filter(reading__consultation=consultation, risk__key=risk.key)
        .order_by("-id")
        .first()
    )
    return answers_to([act])[act.risk_id] if act else None
