"""The published wording: what each list says, against its publication and against what was read."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from clinic.i18n import Language, text_in
from clinic.models import VersionState
from consent import ledger
from consent.models import Risk
from consent.verifying.snapshot import Snapshot

GONE_LIVE = (VersionState.PUBLISHED, VersionState.RETIRED)


@dataclass(frozen=True)
class Published:
    """One list that went live: as a record refers to it, and the hash of each risk's words."""

    row: Any  # what bodies.record_body asks a risk list for
    keys: list[str]  # of its risks, in order
    hashes: Mapping[tuple[str, str], str]  # (key, language) -> hash of words and statement


@dataclass(frozen=True)
class Lists:
    """Every published or retired list by its id, and the short names of all treatments."""

    published: Mapping[int, Published]
    slugs: frozenset[str]

    @classmethod
    def read(cls, snapshot: Snapshot) -> "Lists":
        treatments = {
            row.id: row.slug for row in snapshot.all("SELECT id, slug FROM clinic_treatment")
        }
        lists = snapshot.all(
            "SELECT * FROM consent_risklist WHERE state = ANY(%s)", list(GONE_LIVE)
        )
        risks: dict[int, list[Risk]] = {row.id: [] for row in lists}
        for row in snapshot.all("SELECT * FROM consent_risk ORDER BY position"):
            if row.risk_list_id in risks:
                risks[row.risk_list_id].append(Risk(**row._asdict()))
        return cls(
            {
                row.id: _published(row, treatments.get(row.treatment_id, ""), risks[row.id])
                for row in lists
            },
            frozenset(treatments.values()),
        )

    def is_another_treatment(self, said: str, list_id: int) -> bool:
        """Whether bytes name a treatment that is not the list's. A new short name alone is no offence."""
        known = self.published.get(list_id)
        return known is None or (said != known.row.treatment.slug and said in self.slugs)


def _published(row: Any, slug: str, risks: list[Risk]) -> Published:
    return Published(
        SimpleNamespace(
            treatment=SimpleNamespace(slug=slug), version=row.version, entry_id=row.entry_id
        ),
        [risk.key for risk in risks],
        {
            (risk.key, language): ledger.hash_of_words(
                risk.words(language), text_in(row, "statement", language)
            )
            for risk in risks
            for language in Language.values
        },
    )
