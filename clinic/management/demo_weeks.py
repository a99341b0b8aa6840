"""Some weeks of believable consultations in every status, made through the actions that people use."""

import datetime as dt
import random
from typing import Any

from django.contrib.auth.models import User

import bookings.actions
import consent.actions
from bookings import links
from bookings.models import Consultation
from clinic.management.demo_catalogue import read
from clinic.models import Concern, Dermatologist, Treatment
from consent.models import Decision

DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)
# What becomes of the demo's patients, in the order of people.toml: the story and about how many days
# from now the visit is.
STORIES = [
    *[("completed", -days) for days in (20, 18, 16, 13, 12, 9, 7, 6, 5, 3, 2, 1)],
    *[("no_show", -10), ("no_show", -4)],
    *[("confirmed", days) for days in (0, 1, 1, 2, 2, 3, 3, 4, 6, 7, 9, 12)],
    *[("arrived", -1), ("moved", 5), ("cancelled", 3), ("cancelled_by_clinic", 4)],
    *[("held", 2), ("reading", 3), ("expired", 2)],
    *[("waiting", 0), ("unsure", 0), ("phone", 5)],
]


def load(*, now: dt.datetime) -> int:
    """Makes the demo's consultations around `now`, once; gives how many there are."""
    made = Consultation.objects.filter(is_demo=True)
    if not made.exists():
        chance = random.Random(2026)  # noqa: S311 - the same demo each time
        people = read("people")["patient"]
        for person, (story, days) in zip(people, STORIES, strict=False):
            _tell(story, days, person, chance, now=now)
    return made.count()


def _tell(
    story: str, days: int, person: dict[str, Any], chance: random.Random, *, now: dt.datetime
) -> None:
    treatment = Treatment.objects.get(slug=person["treatment"])
    about = {
        "treatment": treatment,
        "concern": Concern.objects.get(treatment=treatment, slug=person["concern"]),
        "is_demo": True,
        **_details(person),
    }
    if story in ("waiting", "unsure"):
        _wait(story, about, now=now)
        return
    asked_at = _asked_at(story, days, chance, now=now)
    free = _free(treatment, person["language"], days, asked_at=asked_at, now=now)
    time = chance.choice(free)
    about |= {"dermatologist": time.dermatologist, "starts_at": time.starts_at}
    if story == "phone":
        reception = User.objects.get(username="reception")
        bookings.actions.request(now=now - 30 * MINUTE, entered_by=reception, **about)
        return
    consultation = bookings.actions.request(now=asked_at, **about)
    if story == "held":
        return
    _go_on(story, consultation, person, time.starts_at, now=now)


def _details(person: dict[str, Any]) -> dict[str, Any]:
    return {
        "patient_name": person["name"],
        "guardian_name": person["guardian_name"],
        "email": person["email"],
        "mobile": person["mobile"],
        "birth_date": dt.date.fromisoformat(person["birth_date"]),
        "language": person["language"],
        "zone": person["zone"],
        "names_treatment": person["names_treatment_in_emails"],
    }


def _asked_at(story: str, days: int, chance: random.Random, *, now: dt.datetime) -> dt.datetime:
    """When they asked: a few days before the visit, and never later than now."""
    if story in ("held", "reading"):
        return now - 5 * MINUTE
    if story == "expired":
        return now - 90 * MINUTE
    # Where the clinic was closed that day, the visit was up to a week earlier.
    visit = now + days * DAY - 7 * DAY if days < 0 else now
    return visit - chance.randint(1, 5) * DAY - chance.randint(30, 400) * MINUTE


def _free(
    treatment: Treatment, language: str, days: int, *, asked_at: dt.datetime, now: dt.datetime
) -> list[bookings.actions.FreeTime]:
    """Free times on the open day nearest to the one that is `days` from now: before it for visits
    that took place, after it for those to come.
    """
    for shift in range(8):
        start = now + (days - shift if days < 0 else days + shift) * DAY
        found = bookings.actions.free_times(
            treatment=treatment,
            language=language,
            now=asked_at,
            not_before=start,
            not_after=min(start + DAY, now - 60 * MINUTE) if days < 0 else start + DAY,
        )
        if found:
            return found
    raise ValueError(f"no free time {days} days from now")


def _wait(story: str, about: dict[str, Any], *, now: dt.datetime) -> None:
    if story == "unsure":
        about |= {"treatment": None, "concern": None}
    consultation = bookings.actions.request(
        now=now - 2 * DAY, preferred_days=[0, 2, 3], preferred_part="evening", **about
    )
    _prove(consultation, now=now - 2 * DAY)


def _prove(consultation: Consultation, *, now: dt.datetime) -> Consultation:
    return bookings.actions.prove_by_code(
        consultation=consultation, code=links.code(consultation), now=now
    )


def _go_on(
    story: str,
    consultation: Consultation,
    person: dict[str, Any],
    starts_at: dt.datetime,
    *,
    now: dt.datetime,
) -> None:
    moment = consultation.asked_at + MINUTE
    consultation = _prove(consultation, now=moment)
    moment = _acknowledge(consultation, person, after=moment, leave=2 if story == "reading" else 0)
    if story == "reading":
        return
    if story == "expired":
        bookings.actions.expire_holds(now=now)
        return
    reading = consultation.readings.get()
    record = consent.actions.seal(consultation=consultation, reading=reading.pk, now=moment)
    _end(story, consultation, starts_at, now=now)
    if story == "completed" and person["questions"] and consultation.dermatologist is not None:
        user = consultation.dermatologist.user
        if user is not None:
            consent.actions.review(
                record=record,
                reviewed_by=user,
                decision=Decision.DISCUSSED,
                note="Talked about at the visit.",
                now=starts_at + 20 * MINUTE,
            )


def _acknowledge(
    consultation: Consultation, person: dict[str, Any], *, after: dt.datetime, leave: int
) -> dt.datetime:
    """One act for each risk, half a minute of reading each; gives the moment of the last one."""
    moment = after
    reading = consent.actions.open_reading(
        consultation=consultation, language=consultation.language, now=moment
    )
    questions = {asked["risk"]: asked["text"] for asked in person["questions"]}
    risks = list(reading.risk_list.risks.order_by("position"))
    for risk in risks[: len(risks) - leave]:
        shown = consent.actions.shown(reading=reading, risk=risk, now=moment)
        moment += dt.timedelta(seconds=30)
        consent.actions.acknowledge(
            consultation=consultation,
            shown=shown,
            understood=True,
            wants_to_talk=risk.key in questions,
            question=questions.get(risk.key, ""),
            now=moment,
        )
    return moment


def _end(
    story: str, consultation: Consultation, starts_at: dt.datetime, *, now: dt.datetime
) -> None:
    assert consultation.ends_at is not None  # a confirmed visit has its time
    after = consultation.ends_at + 5 * MINUTE
    if story == "completed":
        bookings.actions.complete(consultation=consultation, now=after)
        took_place_at = starts_at + DAY
        if took_place_at < now and consultation.pk % 3:
            bookings.actions.record_session(
                consultation=consultation,
                took_place_at=took_place_at,
                recorded_by=User.objects.get(username="reception"),
                now=took_place_at + 30 * MINUTE,
            )
    elif story == "no_show":
        bookings.actions.no_show(consultation=consultation, now=after)
    elif story == "arrived":
        bookings.actions.arrive(consultation=consultation, now=starts_at - 5 * MINUTE)
    elif story == "moved":
        _move(consultation, starts_at, now=now)
    elif story.startswith("cancelled"):
        bookings.actions.cancel(
            consultation=consultation,
            reason="" if story == "cancelled" else "The dermatologist is ill that day.",
            by_patient=story == "cancelled",
            now=now - 3 * 60 * MINUTE,
        )


def _move(consultation: Consultation, starts_at: dt.datetime, *, now: dt.datetime) -> None:
    dermatologist = consultation.dermatologist
    assert isinstance(dermatologist, Dermatologist)
    nearest = bookings.actions.nearest_times(
        treatment=consultation.treatment,
        wanted=starts_at + DAY,
        dermatologist=dermatologist,
        now=now,
    )
    bookings.actions.move(
        consultation=consultation,
        dermatologist=nearest[0].dermatologist,
        starts_at=nearest[0].starts_at,
        now=now - 60 * MINUTE,
    )
