"""The e-mails of an aftercare plan as patients read them, and what differs from the live plan."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils import translation
from django.utils.translation import gettext, ngettext

from bookings.emails.pens import HTML
from bookings.emails.versions import e_mails_of, hash_of_steps
from bookings.emails.words import words_of_steps
from clinic.differences import Piece, marked
from clinic.i18n import Language, active_language, text_in
from clinic.models import IN_FORCE, AftercarePlan, AftercareStep


@dataclass(frozen=True)
class Side:
    """An e-mail, or one step of it, in one language."""

    language: str
    subject: str
    words: dict[str, Any]
    wording: str  # the hash that an e-mail with these words is kept under; "" until it is published

    @property
    def direction(self) -> str:
        return "rtl" if self.language == Language.ARABIC else "ltr"

    @property
    def label(self) -> object:
        return Language(self.language).label


@dataclass(frozen=True)
class Compared:
    """One step: as it will be, as it is, or both."""

    here: AftercareStep | None
    before: AftercareStep | None

    @property
    def step(self) -> AftercareStep:
        row = self.here or self.before
        assert row is not None
        return row

    @cached_property
    def state(self) -> str:
        """new, gone, changed, moved or same."""
        if self.here is None or self.before is None:
            return "new" if self.before is None else "gone"
        if any(self.differences.values()):
            return "changed"
        places = [(step.hours_after, step.position) for step in (self.here, self.before)]
        return "same" if places[0] == places[1] else "moved"

    @cached_property
    def differences(self) -> dict[str, list[tuple[str, list[Piece]]]]:
        """By language: what differs, part by part under its name."""
        return {language: self._differing(language) for language in Language.values}

    def _differing(self, language: str) -> list[tuple[str, list[Piece]]]:
        found = []
        for part in AftercareStep.PARTS:
            old = text_in(self.before, part, language) if self.before else ""
            new = text_in(self.here, part, language) if self.here else ""
            if old != new:
                column: Any = AftercareStep._meta.get_field(f"{part}_{language}")
                found.append((str(column.verbose_name), marked(old, new)))
        return found

    @property
    def sides(self) -> list[dict[str, Any]]:
        """The differences as the desk's template shows them."""
        return [
            {
                "language": language,
                "direction": "rtl" if language == Language.ARABIC else "ltr",
                "label": Language(language).label,
                "heading_language": active_language(),
                "parts": parts,
            }
            for language, parts in self.differences.items()
        ]


@dataclass(frozen=True)
class Mail:
    """One e-mail of a plan: its steps, how long after a session it comes, and how it reads."""

    steps: list[Compared]
    sides: list[Side]

    @property
    def anchor(self) -> str:
        return f"mail-{self.steps[0].step.key}"

    @property
    def comes(self) -> str:
        return hours_in_words(self.steps[0].step.hours_after)


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


def _side(steps: tuple[AftercareStep, ...], language: str) -> Side:
    is_in_force = steps[0].plan.state in IN_FORCE
    with translation.override(language):
        return Side(
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
