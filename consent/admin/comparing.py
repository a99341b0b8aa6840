"""What a version of a list says beside the live one: the words, what differs, how hard they are to read."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.template.loader import render_to_string

from clinic.differences import Piece, marked
from clinic.i18n import Language, text_in
from clinic.models import VersionState
from consent.models import Risk, RiskList
from consent.parts import headings_in, parts_of
from consent.readability import GRADE_AT_MOST, WORDS_AT_MOST, Measure, measure


@dataclass(frozen=True)
class Side:
    """One language of what is compared; `words` is what a patient reads, `parts` is what differs."""

    language: str
    name: str
    words: list[dict[str, str]]
    parts: list[tuple[str, list[Piece]]]

    @property
    def direction(self) -> str:
        return "rtl" if self.language == Language.ARABIC else "ltr"

    @property
    def label(self) -> object:
        return Language(self.language).label


@dataclass(frozen=True)
class Compared:
    """One risk: as it will be, as it is, or both."""

    here: Risk | None
    before: Risk | None

    @property
    def risk(self) -> Risk:
        row = self.here or self.before
        assert row is not None
        return row

    @cached_property
    def state(self) -> str:
        """new, gone, changed, moved or same."""
        if self.here is None or self.before is None:
            return "new" if self.before is None else "gone"
        if any(side.parts for side in self.sides):
            return "changed"
        return "same" if self.here.position == self.before.position else "moved"

    @cached_property
    def sides(self) -> list[Side]:
        """English and Arabic."""
        return [
            Side(
                language,
                text_in(self.risk, "name", language),
                parts_of(self.risk, language),
                _parts(self.before, self.here, language),
            )
            for language in Language.values
        ]

    @property
    def reads(self) -> dict[str, Any]:
        return readability_of(self.risk)


def compared(risk_list: RiskList, before: RiskList | None) -> list[Compared]:
    """Every risk of a list in its order beside the live one's, then those that are gone: two queries."""
    here = list(risk_list.risks.order_by("position"))
    earlier = {risk.key: risk for risk in before.risks.order_by("position")} if before else {}
    kept = [Compared(risk, earlier.get(risk.key)) for risk in here]
    keys = {risk.key for risk in here}
    return kept + [Compared(None, risk) for key, risk in earlier.items() if key not in keys]


def version_before(risk_list: RiskList) -> RiskList | None:
    """What a list that is still on its way is compared with: the live version of its treatment."""
    if risk_list.state in (VersionState.PUBLISHED, VersionState.RETIRED):
        return None
    return RiskList.objects.live_for(risk_list.treatment)


def statements(risk_list: RiskList, before: RiskList | None) -> list[Side]:
    """What stands beside each tick, in each language."""
    return [
        Side(
            language,
            text_in(risk_list, "statement", language),
            [],
            _differing(
                [
                    (
                        "",
                        text_in(before, "statement", language),
                        text_in(risk_list, "statement", language),
                    )
                ]
            )
            if before
            else [],
        )
        for language in Language.values
    ]


def _parts(before: Risk | None, here: Risk | None, language: str) -> list[tuple[str, list[Piece]]]:
    """What differs, part by part under its heading; the name has none. Nothing where both are the same."""
    headings = {"name": "", **headings_in(language)}
    return _differing(
        [
            (
                heading,
                text_in(before, part, language) if before else "",
                text_in(here, part, language) if here else "",
            )
            for part, heading in headings.items()
        ]
    )


def _differing(texts: list[tuple[str, str, str]]) -> list[tuple[str, list[Piece]]]:
    return [(heading, marked(old, new)) for heading, old, new in texts if old != new]


def readability_of(risk: Risk) -> dict[str, Any]:
    """The figures of a risk's words below its name, in both languages."""
    english, arabic = (
        _measured(risk, language) for language in (Language.ENGLISH, Language.ARABIC)
    )
    return {
        "english": english,
        "arabic": arabic,
        "grade_at_most": int(GRADE_AT_MOST),
        "words_at_most": WORDS_AT_MOST,
    }


def _measured(risk: Risk, language: str) -> Measure:
    return measure("\n".join(part["words"] for part in parts_of(risk, language)))


def readability_html(risk: Risk) -> str:
    """The figures as the desk shows them."""
    return render_to_string(
        "admin/consent/risklist/readability.html", {"reads": readability_of(risk)}
    )


def differences_html(here: Risk, before: Risk | None) -> str:
    """What differs in both languages as the desk shows it, "" for nothing."""
    one = Compared(here, before)
    if one.state in ("same", "moved"):
        return ""
    return render_to_string("admin/versions/differences.html", {"sides": one.sides})
