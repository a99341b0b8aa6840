"""What a version of a list says beside the live one: the words, what differs, how hard they are to read."""

from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string

from bookings.admin.beside import Beside, Side
from clinic.differences import Piece, marked
from clinic.i18n import Language, text_in
from clinic.models import VersionState
from consent.models import Risk, RiskList
from consent.parts import headings_in, parts_of
from consent.readability import GRADE_AT_MOST, WORDS_AT_MOST, Measure, measure


@dataclass(frozen=True)
class RiskSide(Side):
    """One language of what is compared; `words` is what a patient reads, `parts` is what differs."""

    name: str
    words: list[dict[str, str]]
    parts: list[tuple[str, list[Piece]]]


class Compared(Beside[Risk]):
    """One risk."""

    def side(self, language: str) -> RiskSide:
        return RiskSide(
            language,
            text_in(self.row, "name", language),
            parts_of(self.row, language),
            _parts(self.before, self.here, language),
        )

    @property
    def reads(self) -> dict[str, Any]:
        return readability_of(self.row)


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


def statements(risk_list: RiskList, before: RiskList | None) -> list[RiskSide]:
    """What stands beside each tick, in each language."""
    return [
        RiskSide(
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
