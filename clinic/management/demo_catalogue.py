"""The demo clinic's catalogue and staff, from the texts in content/; loading it twice changes nothing."""

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group, User

import clinic.actions
import consent.actions
from bookings.models import Season, WeeklyHours
from clinic.models import AftercareStep, Clinic, Concern, Dermatologist, Treatment
from consent.models import Risk

CONTENT = Path(__file__).parent / "content"
PASSWORD = "demo-clinic-2026"  # noqa: S105 - printed by `make run`; production refuses the demo
IN_FORCE_FOR = dt.timedelta(days=60)  # the lists were there before the first of the demo's visits
SIGN_INS = {"reception": "Reception", "dermatologist": "Dermatologists", "lead": "Lead"}


def read(name: str) -> dict[str, Any]:
    """One file of the demo's content."""
    return tomllib.loads((CONTENT / f"{name}.toml").read_text(encoding="utf-8"))


def load(*, now: dt.datetime) -> None:
    """Makes or refreshes everything of the catalogue; risk lists and aftercare are published once."""
    staff = {name: _sign_in(name, group) for name, group in SIGN_INS.items()}
    about = read("clinic")
    Clinic.objects.update_or_create(id=1, defaults=about["clinic"])
    _load_treatments()
    _load_dermatologists(staff["dermatologist"])
    _load_hours(about)
    _load_openings(about["opening"], now=now)
    _load_risks(staff, now=now - IN_FORCE_FOR)
    _load_aftercare(staff, now=now - IN_FORCE_FOR)


def _sign_in(name: str, group: str) -> User:
    user, made = User.objects.get_or_create(username=name, defaults={"is_staff": True})
    if made:
        user.set_password(PASSWORD)
        user.save()
        user.groups.add(Group.objects.get_or_create(name=group)[0])
    return user


def _load_treatments() -> None:
    for words in read("treatments")["treatment"]:
        concerns = words.pop("concern")
        treatment, _made = Treatment.objects.update_or_create(
            slug=words.pop("slug"), defaults=_stripped(words)
        )
        for concern in concerns:
            Concern.objects.update_or_create(
                treatment=treatment, slug=concern.pop("slug"), defaults=concern
            )


def _load_dermatologists(user: User) -> None:
    for person in read("people")["dermatologist"]:
        treatments = person.pop("treatments")
        dermatologist, made = Dermatologist.objects.update_or_create(
            slug=person.pop("slug"), defaults=person
        )
        dermatologist.treatments.set(Treatment.objects.filter(slug__in=treatments))
        if made and not Dermatologist.objects.filter(user=user).exists():
            dermatologist.user = user
            dermatologist.save(update_fields=["user"])


def _load_hours(about: dict[str, Any]) -> None:
    seasons = {
        words["name_en"]: Season.objects.update_or_create(
            name_en=words.pop("name_en"), defaults=words
        )[0]
        for words in about["season"]
    }
    for window in about["hours"]:
        season = seasons[window["season"]] if "season" in window else None
        for weekday in window["weekdays"]:
            WeeklyHours.objects.update_or_create(
                dermatologist=Dermatologist.objects.get(slug=window["dermatologist"]),
                season=season,
                weekday=weekday,
                starts=dt.time.fromisoformat(window["starts"]),
                defaults={"ends": dt.time.fromisoformat(window["ends"])},
            )


def _load_openings(openings: list[dict[str, Any]], *, now: dt.datetime) -> None:
    """Each once: an opening of the first loading stays where it is."""
    zone = Clinic.objects.get().zoneinfo
    for words in openings:
        dermatologist = Dermatologist.objects.get(slug=words["dermatologist"])
        day = now.astimezone(zone).date() + dt.timedelta(days=words["days_ahead"])
        day += dt.timedelta(days=(words["weekday"] - day.weekday()) % 7)
        starts, ends = (
            dt.datetime.combine(day, dt.time.fromisoformat(words[end]), tzinfo=zone)
            for end in ("starts", "ends")
        )
        dermatologist.openings.get_or_create(
            reason=words["reason"], defaults={"starts_at": starts, "ends_at": ends}
        )


def _load_risks(staff: dict[str, User], *, now: dt.datetime) -> None:
    for words in read("risks")["list"]:
        treatment = Treatment.objects.get(slug=words["treatment"])
        if treatment.risk_lists.exists():
            continue
        draft = consent.actions.start_list(treatment=treatment, written_by=staff["lead"])
        draft.statement_en, draft.statement_ar = words["statement_en"], words["statement_ar"]
        draft.save(update_fields=["statement_en", "statement_ar"])
        for risk in words["risk"]:
            Risk.objects.create(risk_list=draft, **_stripped(risk))
        reviewer = staff["dermatologist"]
        consent.actions.submit_for_review(risk_list=draft, change_note="The demo's first version.")
        consent.actions.review_wording(risk_list=draft, reviewed_by=reviewer, now=now)
        consent.actions.publish(risk_list=draft, published_by=reviewer, now=now)


def _load_aftercare(staff: dict[str, User], *, now: dt.datetime) -> None:
    for words in read("aftercare")["plan"]:
        treatment = Treatment.objects.get(slug=words["treatment"])
        if treatment.aftercare_plans.exists():
            continue
        draft = clinic.actions.start_plan(treatment=treatment, written_by=staff["lead"])
        for step in words["step"]:
            AftercareStep.objects.create(plan=draft, **_stripped(step))
        reviewer = staff["dermatologist"]
        clinic.actions.submit_for_review(plan=draft, change_note="The demo's first version.")
        clinic.actions.review_plan(plan=draft, reviewed_by=reviewer, now=now)
        clinic.actions.publish_plan(plan=draft, published_by=reviewer, now=now)


def _stripped(words: dict[str, Any]) -> dict[str, Any]:
    """Texts without the line breaks that stand around them in the files."""
    return {key: text.strip() if isinstance(text, str) else text for key, text in words.items()}
