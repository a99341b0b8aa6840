"""What a verification found: each finding names what it is about, in a sentence; the worst decides."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.db import DataError

from consent.models import Outcome

# What a finding can be. Only the first is an offence; the last three are no fault at all.
TAMPERED, LATE, CLOCK, ERASED, UNSEALED = "tampered", "late", "clock", "erased", "unsealed"
KINDS = (TAMPERED, LATE, CLOCK, ERASED, UNSEALED)
# Of one sentence so many are kept word for word; the others are counted.
SHOWN = 20


@dataclass(frozen=True)
class Finding:
    """One thing: its kind, what it is about (entry, consultation, table and column), and a sentence."""

    kind: str
    about: str
    says: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.about}: {self.says}"


@dataclass
class Findings:
    """What was found so far, whatever its number: memory stays flat."""

    kept: list[Finding] = field(default_factory=list)
    counted: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, kind: str, about: str, says: str) -> None:
        """`says` is a fixed sentence, so that a thousand of a kind are one line and a number."""
        self.counted[kind, says] += 1
        if self.counted[kind, says] <= SHOWN:
            self.kept.append(Finding(kind, about, says))

    def tampered(self, about: str, says: str) -> None:
        self.add(TAMPERED, about, says)

    def take_over(self, others: "Findings") -> None:
        """The findings of a part, in the order in which the parts come."""
        for finding in others.kept:
            room = SHOWN - self.counted[finding.kind, finding.says]
            if room > 0:
                self.add(finding.kind, finding.about, finding.says)
                others.counted[finding.kind, finding.says] -= 1
        self.counted += others.counted

    @property
    def counts(self) -> dict[str, int]:
        """How many of each kind; those that there are none of are left out."""
        found: Counter[str] = Counter()
        for (kind, _says), number in self.counted.items():
            found[kind] += number
        return {kind: found[kind] for kind in KINDS if found[kind]}

    @property
    def outcome(self) -> Outcome:
        """Tampered, late, or sound: what was erased, waits to be sealed, or came slowly is sound."""
        counts = self.counts
        if counts.get(TAMPERED):
            return Outcome.TAMPERED
        return Outcome.LATE if counts.get(LATE) else Outcome.SOUND

    @property
    def left_out(self) -> int:
        return sum(self.counted.values()) - len(self.kept)

    def in_order(self) -> list[Finding]:
        """The offences first."""
        return sorted(self.kept, key=lambda finding: KINDS.index(finding.kind))

    def as_json(self) -> list[dict[str, str]]:
        return [vars(finding) for finding in self.in_order()]


# What comes of values such as a hash that is not hex, an infinite time, a list in a mapping's place.
NONSENSE = (
    *(ValueError, TypeError, AttributeError, KeyError, OverflowError),
    *(psycopg.DataError, DataError),
)


@contextmanager
def nonsense_is_tampering(findings: Findings, about: str) -> Iterator[None]:
    """A value that nothing of ours writes is named, and the run goes on with what comes next."""
    try:
        yield
    except NONSENSE:
        findings.tampered(about, "a row holds a value that nothing of ours writes")


def fields_that_differ(said: dict[str, Any], found: dict[str, Any]) -> Iterable[str]:
    """The names under which two bodies of an entry are not the same, in order."""
    nothing = object()
    return sorted(
        name
        for name in said.keys() | found.keys()
        if said.get(name, nothing) != found.get(name, nothing)
    )


def parsed(content: bytes) -> dict[str, Any] | None:
    """What bytes say as JSON, or None where they are not an object of it."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
