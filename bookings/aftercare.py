"""What e-mails a treatment session owes: the steps of its treatment's aftercare, counted from it.

Each is useful until the next one is due. A step of whole days comes at the session's hour by the
patient's clock, others after so many hours; at night it waits for the morning, save in the first hours.
Steps at the same hour are one e-mail. What counts is the published plan: a step that it has no more is
owed to nobody, and one that a patient had in an earlier version is not sent to them again. A session that was voided owes nothing more, nor does one whose
patient has stopped the tips.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import groupby
from operator import or_

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When

from bookings.looks import Look, among
from bookings.models import Kind, Message, Status, TreatmentSession
from bookings.moments import CLOCK_CHANGE
from clinic import times
from clinic.models import AftercareStep, zone_or_clinics

LAST_STEP_USEFUL = 14 * 24  # hours; nothing follows the last step
HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Tip:
    """One e-mail of aftercare: the step, or steps, at one hour after a session."""

    steps: tuple[AftercareStep, ...]
    next_hours: int  # after the session, when the next one overtakes it

    @property
    def step(self) -> AftercareStep:
        """The first, whose hour is that of all of them."""
        return self.steps[0]

    @property
    def treatment_id(self) -> int:
        return self.step.plan.treatment_id

    @property
    def by_day(self) -> bool:
        """What is for the first hours cannot wait for the morning."""
        return self.step.hours_after > 0

    def due(self, session: TreatmentSession) -> dt.datetime:
        return after(session, self.step.hours_after)

    def until(self, session: TreatmentSession) -> dt.datetime:
        return after(session, self.next_hours)


def after(session: TreatmentSession, hours: int) -> dt.datetime:
    """So many hours after a session; whole days by the patient's clock."""
    return _after(session.took_place_at, session.consultation.zone_that_counts, hours)


def _after(took_place_at: dt.datetime, zone: str, hours: int) -> dt.datetime:
    if hours % 24:
        return took_place_at + hours * HOUR
    return times.days_later(took_place_at, zone_or_clinics(zone), hours // 24)


def tips() -> list[Tip]:
    """All e-mails of all plans that count now."""
    found = []
    live = AftercareStep.objects.live().with_first_day()
    in_order = live.order_by("plan__treatment_id", "hours_after", "position", "id")
    for _treatment, of_one in groupby(in_order, lambda step: step.plan.treatment_id):
        at_hours = [tuple(steps) for _h, steps in groupby(of_one, lambda step: step.hours_after)]
        for steps, following in zip(at_hours, [*at_hours[1:], None], strict=True):
            last = steps[0].hours_after + LAST_STEP_USEFUL
            found.append(Tip(steps, following[0].hours_after if following else last))
    return found


def tips_of(session: TreatmentSession) -> list[Tip]:
    """The e-mails of one session's plan, as it is now."""
    return [tip for tip in tips() if tip.treatment_id == session.treatment_id]


def tip_of(message: Message) -> Tip | None:
    """The e-mail that a row stands for as the plan is now; None where the plan has none any more."""
    assert message.session is not None
    assert message.step is not None
    for tip in tips_of(message.session):
        if any(step.key == message.step.key for step in tip.steps):
            return tip
    return None


def _sessions_at(tip: Tip, since: dt.datetime, now: dt.datetime) -> QuerySet[TreatmentSession]:
    """The sessions that are at this step now, an hour or two more: `due` and `until` decide."""
    sessions = TreatmentSession.objects.standing().filter(
        treatment=tip.treatment_id,
        took_place_at__lte=now - tip.step.hours_after * HOUR + CLOCK_CHANGE,
        took_place_at__gt=since - tip.next_hours * HOUR - CLOCK_CHANGE,
        consultation__tips_stopped_at=None,
    )
    sessions = sessions.exclude(consultation__email="")
    return sessions.exclude(consultation__status=Status.CANCELLED)


def still_owed(message: Message, *, now: dt.datetime) -> bool:
    """Whether the present state still owes an e-mail of aftercare that was noted earlier."""
    assert message.session is not None
    tip = tip_of(message)
    if tip is None:
        return False
    whose = _sessions_at(tip, now, now).filter(
        pk=message.session.pk, consultation__email=message.addressee
    )
    return any(
        tip.due(session) <= now < tip.until(session)
        for session in whose.select_related("consultation")
    )


def is_missed(message: Message) -> bool:
    """Whether its session owes it but for its time, which is over."""
    assert message.session is not None
    sessions = TreatmentSession.objects.standing().filter(
        pk=message.session.pk,
        consultation__tips_stopped_at=None,
        consultation__email=message.addressee,
    )
    return sessions.exclude(consultation__status=Status.CANCELLED).exists()


def _whose_turn(look: Look, visits: list[int], hours: set[int]) -> list[int]:
    """The sessions for which the last look could not have noted what is owed now.

    `visits`: the consultations of which the same is known.
    """
    at_a_step = Q()
    for each in hours:
        least, most = look.since - each * HOUR - CLOCK_CHANGE, look.now - each * HOUR + CLOCK_CHANGE
        at_a_step |= Q(took_place_at__gte=least, took_place_at__lte=most)
    sessions = TreatmentSession.objects.standing().order_by()
    changed = sessions.filter(look.changed() | among(visits, "consultation"))
    turn = set(changed.values_list("pk", flat=True))
    times_of = sessions.filter(at_a_step).values_list("pk", "took_place_at", "consultation__zone")
    for pk, took_place_at, zone in times_of:
        dues = (_after(took_place_at, zone, each) for each in hours)
        if any(look.since <= due <= look.now for due in dues):
            turn.add(pk)
    return sorted(turn)


def not_noted(look: Look, visits: list[int] | None = None) -> Iterator[tuple[Message, bool]]:
    """The rows that are missing, for all steps in one query, and whether each waits for the day.

    Those whose time ended between `since` and `now` too: no sender was there. A short look is told
    whose `visits` turn it is.
    """
    since, now = look.since, look.now
    by_step = {step.pk: (tip, step) for tip in tips() for step in tip.steps}
    turn = None
    if visits is not None:
        turn = _whose_turn(look, visits, {step.hours_after for _tip, step in by_step.values()})
        if not turn:
            return
    parts = [_lacking(tip, look, turn) for tip, step in by_step.values() if step is tip.step]
    for session in parts[0].union(*parts[1:], all=True) if parts else ():
        tip, step = by_step[session.step_pk]  # type: ignore[attr-defined]  # annotated
        due, until, consultation = tip.due(session), tip.until(session), session.consultation
        # A session that was recorded, or a step that was published, too late for it never owed it.
        if due > now or until <= max(since, session.recorded_at, step.live_since):  # type: ignore[attr-defined]
            continue
        row = Message(
            consultation=consultation,
            kind=Kind.AFTERCARE,
            about=f"{consultation.reference} session {session.pk} {step.hours_after} {step.key}",
            addressee=consultation.email,
            language=consultation.language,
            session=session,
            step=step,
            due_at=due,
            useful_until=until,
            next_try_at=now,
        )
        yield row, tip.by_day


def _lacking(tip: Tip, look: Look, turn: list[int] | None) -> QuerySet[TreatmentSession]:
    """The sessions at this step that lack one of its parts; `step_pk` is the first that they lack."""
    noted = Message.objects.filter(
        kind=Kind.AFTERCARE, session=OuterRef("pk"), addressee=OuterRef("consultation__email")
    )
    lacks = {step.pk: ~Exists(noted.bringing(step)) for step in tip.steps}
    sessions = _sessions_at(tip, look.since, look.now).filter(reduce(or_, lacks.values()))
    if turn is not None:
        sessions = sessions.filter(among(turn))
    first = Case(*(When(is_lacking, then=Value(pk)) for pk, is_lacking in lacks.items()))
    pk = first if len(lacks) > 1 else Value(tip.step.pk)
    return sessions.order_by().annotate(step_pk=pk).select_related("consultation")


def to_come(
    sessions: Iterable[TreatmentSession], *, now: dt.datetime
) -> Iterator[tuple[Tip, dt.datetime]]:
    """The e-mails that sessions will owe, and when, if nothing changes."""
    going_on = [session for session in sessions if _goes_on(session)]
    plans = tips() if going_on else []
    for session in going_on:
        for tip in plans:
            if tip.treatment_id == session.treatment_id and tip.due(session) > now:
                yield tip, tip.due(session)


def _goes_on(session: TreatmentSession) -> bool:
    """Whether anything may come of it."""
    consultation = session.consultation
    stopped = consultation.tips_stopped_at or not consultation.email
    return not (session.voided_at or stopped or consultation.status == Status.CANCELLED)
