"""The e-mails of an aftercare plan as patients read them, and what differs from the live plan."""

from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.translation import gettext, ngettext

from bookings.admin.beside import Beside, Side
from bookings.emails.pens import HTML
from bookings.emails.versions import e_mails_of, hash_of_steps
from bookings.emails.words import words_of_steps
from clinic.differences import Piece, marked
from clinic.i18n import Language, active_language, text_in
from clinic.models import IN_FORCE, AftercarePlan, AftercareStep


@dataclass(frozen=True)
class MailSide(Side):
    """An e-mail in one language."""

    subject: str
    words: dict[str, Any]
    wording: str  # the hash that an e-mail with these words is kept under; "" until it is published


@dataclass(frozen=True)
class StepSide(Side):
    """What differs in one language of a step, part by part under its name, which is in the desk's."""

    heading_language: str
    parts: list[tuple[str, list[Piece]]]


class Compared(Beside[AftercareStep]):
    """One step."""

    def place(self, row: AftercareStep) -> Any:
        return row.hours_after, row.position

    def side(self, language: str) -> StepSide:
        return StepSide(language, active_language(), self._differing(language))

    def _differing(self, language: str) -> list[tuple[str, list[Piece]]]:
        found = []
        for part in AftercareStep.PARTS:
            old = text_in(self.before, part, language) if self.before else ""
            new = text_in(self.here, part, language) if self.here else ""
            if old != new:
                column: Any = AftercareStep._meta.get_field(f"{part}_{language}")
                found.append((str(column.verbose_name), marked(old, new)))
        return found


@dataclass(frozen=True)
class Mail:
    """One e-mail of a plan: its steps, how long after a session it comes, and how it reads."""

    steps: list[Compared]
    sides: list[MailSide]

    @property
    def anchor(self) -> str:
        return f"mail-{self.steps[0].row.key}"

    @property
    def comes(self) -> str:
        return hours_in_words(self.steps[0].row.hours_after)


def live_beside(plan: AftercarePlan) -> AftercarePlan | None:
    """What a plan that is still on its way is compared with: the live one of its treatment."""
    return None if plan.state in IN_FORCE else AftercarePlan.objects.live_for(plan.treatment)


def steps_before(plan: AftercarePlan) -> dict[str, AftercareStep]:
    """The live plan's steps by their short names; none for what is or was live itself."""
    before = live_beside(plan)
    return {step.key: step for step in before.steps.all()} if before else {}


def mails_of(plan: AftercarePlan) -> list[Mail]:
    """Every e-mail of a plan in its order, each step beside the live one."""
    before = steps_before(plan)
    steps = plan.steps.select_related("plan__treatment")
    return [
        Mail(
            [Compared(step, before.get(step.key)) for step in together],
            [_side(together, language) for language in Language.values],
        )
        for together in e_mails_of(steps)
    ]


def taken_out(plan: AftercarePlan) -> list[Compared]:
    """The steps that the live plan has and this one has no more."""
    keys = set(plan.steps.values_list("key", flat=True))
    return [Compared(None, step) for key, step in steps_before(plan).items() if key not in keys]


def _side(steps: tuple[AftercareStep, ...], language: str) -> MailSide:
    is_in_force = steps[0].plan.state in IN_FORCE
    with translation.override(language):
        return MailSide(
            language,
            steps[0].subject,
            words_of_steps(steps, HTML),
            hash_of_steps(steps, language) if is_in_force else "",
        )


def hours_in_words(hours: int) -> str:
    """How long after a session an e-mail comes; whole days as days."""
    if hours == 0:
        return gettext("right after the session")
    if hours % 24:
        return ngettext(
            "%(count)d hour after the session", "%(count)d hours after the session", hours
        ) % {"count": hours}
    return ngettext(
        "%(count)d day after the session", "%(count)d days after the session", hours // 24
    ) % {"count": hours // 24}
