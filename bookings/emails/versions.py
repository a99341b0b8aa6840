"""Which version of the words was sent: a hash over what the clinic wrote, which can be looked up again.

SHA-256, hexadecimal, over canonical JSON (keys in order, no spaces, UTF-8). Of aftercare it covers the
treatment, the plan's version and the words of the steps in that language. Of the other kinds it covers
the templates, the subject, and for Arabic the whole compiled catalogue: the same release gives the same
hash. What is filled in (names, times) is no part of it.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, groupby
from pathlib import Path
from typing import Any

from django.template.loader import get_template
from django.utils import translation

from bookings.emails.words import KINDS, told
from bookings.models import Kind, Message
from clinic.i18n import Language
from clinic.models import IN_FORCE, AftercarePlan, AftercareStep

BASES = ("bookings/email/base_email.txt", "bookings/email/base_email.html")
USED = re.compile(r'\{% (?:include|extends) "([^"]+)"')
MANY = 8  # steps at one hour; their parts are not tried one by one
LOCALE = Path(__file__).parent.parent.parent / "clinic" / "locale"


def wording_hash(message: Message) -> str:
    """The hash of the words that an e-mail is written with now; see `Message.brings` for aftercare."""
    if message.consultation is None:
        words = {"kind": message.kind, "subject": message.subject, "body": message.body}
        return _hash(words)
    if message.kind == Kind.AFTERCARE:
        return hash_of_steps(message.brings, message.language)
    return _hash_of_kind(told(message, message.consultation), message.language)


def hash_of_steps(steps: Sequence[AftercareStep], language: str) -> str:
    """The hash of one e-mail of aftercare: steps of one plan, at one hour, in their order."""
    plan = steps[0].plan
    return _hash(
        {
            "kind": Kind.AFTERCARE.value,
            "language": language,
            "treatment": plan.treatment.slug,
            "version": plan.version,
            "steps": [{"key": step.key, **step.words(language)} for step in steps],
        }
    )


@lru_cache(maxsize=len(Kind) * len(Language))
def _hash_of_kind(kind: Kind, language: str) -> str:
    """Templates and catalogue do not change while a process runs."""
    name, subject = KINDS[kind]
    with translation.override(language):
        words = {"kind": kind.value, "language": language, "subject": str(subject)}
    return _hash(words | {"templates": _sources(name), "catalogue": _catalogue(language)})


def _sources(name: str) -> dict[str, str]:
    """The template of a kind and all that it is put together from, by name."""
    found: dict[str, str] = {}
    wanted = [f"bookings/email/{name}.txt", *BASES]
    while wanted:
        template: Any = get_template(path := wanted.pop())
        found[path] = template.template.source
        wanted += [more for more in USED.findall(found[path]) if more not in found]
    return found


def _catalogue(language: str) -> str:
    """The hash of a language's compiled translations; English is what the templates say."""
    if language == Language.ENGLISH:
        return ""
    compiled = LOCALE / language / "LC_MESSAGES" / "django.mo"
    return hashlib.sha256(compiled.read_bytes()).hexdigest()


def _hash(words: dict[str, Any]) -> str:
    canonical = json.dumps(words, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


# --- Looking one up --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Version:
    """What a hash of aftercare stands for."""

    plan: AftercarePlan
    steps: tuple[AftercareStep, ...]
    language: str


def e_mails_of(steps: Iterable[AftercareStep]) -> list[tuple[AftercareStep, ...]]:
    """The e-mails of one plan: its steps, those of one hour together."""
    in_order = sorted(steps, key=lambda step: (step.hours_after, step.position, step.pk))
    return [tuple(same) for _hours, same in groupby(in_order, lambda step: step.hours_after)]


def find(wording: str) -> Version | None:
    """The plan's version, steps and language whose hash this is; None where no plan has it.

    Plans that are or were live, newest first. An e-mail may have brought a part of an hour's steps.
    """
    plans = AftercarePlan.objects.filter(state__in=IN_FORCE).order_by("-published_at")
    for plan in plans.select_related("treatment").prefetch_related("steps__plan__treatment"):
        for together in e_mails_of(plan.steps.all()):
            for steps in _parts_of(together):
                for language in Language.values:
                    if hash_of_steps(steps, language) == wording:
                        return Version(plan, steps, language)
    return None


def _parts_of(together: tuple[AftercareStep, ...]) -> Iterator[tuple[AftercareStep, ...]]:
    """All of them, then each part of them; of very many, all of them alone."""
    least = 1 if len(together) <= MANY else len(together)
    for count in range(len(together), least - 1, -1):
        yield from combinations(together, count)
