"""What e-mails the present state of consultations and treatment sessions owes, and until when.

Nothing is scheduled: every tick asks again, so a visit that moves or is cancelled takes its reminders
along. RULES is the whole table of what a consultation is owed; aftercare counts from sessions instead.
A consultation without an e-mail address is owed nothing, a cancelled one nothing but its cancellation
(and a new link, if the patient asks for one afterwards).
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from bookings.links import CODE_HOLDS
from bookings.models import Consultation, Kind, Message, Proof, Status, TreatmentSession
from clinic.models import AftercareStep

DAY = dt.timedelta(days=1)
LAST_STEP_USEFUL = 14 * DAY  # nothing follows the last step of aftercare


@dataclass(frozen=True)
class Moment:
    """One of a consultation's times, or so long after it (before it, where `plus` is negative)."""

    field: str
    plus: dt.timedelta = dt.timedelta()

    def of(self, consultation: Consultation) -> dt.datetime:
        """When it is for this consultation."""
        time: dt.datetime = getattr(consultation, self.field)
        return time + self.plus

    def has_come(self, now: dt.datetime) -> Q:
        """Asked of the bare column, so that an index answers."""
        return Q(**{f"{self.field}__lte": now - self.plus})

    def lies_ahead(self, now: dt.datetime) -> Q:
        return Q(**{f"{self.field}__gt": now - self.plus})


@dataclass(frozen=True)
class Rule:
    """One line of the table: a consultation in this state is owed this e-mail from `due` to `until`.

    `about` is a word and the column that tells one such e-mail from the next ("visit", "revision").
    """

    kind: Kind
    state: Q
    due: Moment
    until: Moment
    about: tuple[str, str] | tuple[str]
    # The moment of a move is not kept: its e-mail is due when the move is first seen.
    due_at_once: bool = False

    def owed_to(self, now: dt.datetime) -> QuerySet[Consultation]:
        """Those that are owed it at `now`, sent or not, each with what it is `about`."""
        word, *columns = self.about
        number = [part for name in columns for part in (Value(" "), Cast(name, CharField()))]
        about = Concat(F("reference"), Value(f" {word}"), *number, output_field=CharField())
        owed = Consultation.objects.filter(
            self.state, self.due.has_come(now), self.until.lies_ahead(now)
        )
        return owed.exclude(email="").annotate(about=about).order_by("pk")

    def not_noted(self, now: dt.datetime) -> Iterator[Message]:
        """The rows that are missing."""
        noted = Message.objects.filter(
            addressee=OuterRef("email"), kind=self.kind, about=OuterRef("about")
        )
        for consultation in self.owed_to(now).filter(~Exists(noted)):
            yield Message(
                consultation=consultation,
                kind=self.kind,
                about=consultation.about,  # type: ignore[attr-defined]  # annotated above
                addressee=consultation.email,
                language=consultation.language,
                revision=consultation.revision,
                serial=consultation.code_serial
                if self.kind == Kind.CODE
                else consultation.link_serial,
                due_at=now if self.due_at_once else self.due.of(consultation),
                useful_until=self.until.of(consultation),
                next_try_at=now,
            )


def _known(before: dt.timedelta) -> Q:
    """Visits whose time was agreed so long before it that a reminder is still news.

    Booked two days ahead, nobody needs a reminder three days before. Moved, the same is asked of the
    e-mail about the move.
    """
    told = Message.objects.filter(
        consultation=OuterRef("pk"),
        kind=Kind.MOVED,
        revision=OuterRef("revision"),
        due_at__lte=OuterRef("starts_at") - before,
    )
    return Q(revision=0, confirmed_at__lte=F("starts_at") - before) | Q(Exists(told))


UNFINISHED = Q(status__in=[Status.WAITING, Status.HELD, Status.EXPIRED])
CONFIRMED = Q(status=Status.CONFIRMED)
CANCELLED = Q(status=Status.CANCELLED)
PROVEN = Q(proven_at__isnull=False)
# Asked for after the request was settled; before that, the link is for finishing it.
ASKED_AFTERWARDS = Q(status=Status.CANCELLED, link_asked_at__gte=F("cancelled_at")) | Q(
    ~UNFINISHED & ~CANCELLED, link_asked_at__gte=F("confirmed_at")
)
# Who was told of a visit is told of its end; so is a proven one whom the clinic cancels.
KNEW_OF_IT = Q(confirmed_at__isnull=False) | (PROVEN & Q(cancelled_by_patient=False))
# Let go at the proof, for the same person has a visit then: the page says so at once.
GAVE_WAY = Q(status=Status.EXPIRED, hold_expires_at=F("proven_at")) & ~Q(proven_by=Proof.IN_PERSON)
HAD_A_TIME_AHEAD = Q(starts_at__gt=F("cancelled_at"))

# fmt: off
RULES = (
    # kind, state, due, useful until, about
    Rule(Kind.CODE, ~PROVEN & ~CANCELLED,
         Moment("code_issued_at"), Moment("code_issued_at", CODE_HOLDS), ("code", "code_serial")),
    Rule(Kind.REQUEST_RECEIVED, PROVEN & Q(status=Status.WAITING, link_asked_at=None),
         Moment("proven_at"), Moment("proven_at", DAY), ("request",)),
    Rule(Kind.FINISH, UNFINISHED,
         Moment("link_asked_at"), Moment("link_asked_at", DAY), ("link", "link_serial")),
    Rule(Kind.LINK, ASKED_AFTERWARDS,
         Moment("link_asked_at"), Moment("link_asked_at", DAY), ("link", "link_serial")),
    Rule(Kind.OFFERED, Q(status=Status.HELD, offered_at__isnull=False),
         Moment("offered_at"), Moment("hold_expires_at"), ("offer", "offered_at")),
    Rule(Kind.HOLD_RAN_OUT, PROVEN & Q(status__in=[Status.HELD, Status.EXPIRED]) & ~GAVE_WAY,
         Moment("hold_expires_at"), Moment("hold_expires_at", DAY), ("held", "held_at")),
    Rule(Kind.CONFIRMED, CONFIRMED & Q(revision=0),
         Moment("confirmed_at"), Moment("starts_at"), ("visit", "revision")),
    # Whoever is moved before the confirmation went out gets this one, which says everything.
    Rule(Kind.MOVED, CONFIRMED & Q(revision__gt=0),
         Moment("confirmed_at"), Moment("starts_at"), ("visit", "revision"), due_at_once=True),
    Rule(Kind.REMINDER_3_DAYS, CONFIRMED & _known(3 * DAY),
         Moment("starts_at", -3 * DAY), Moment("starts_at", -DAY), ("visit", "revision")),
    Rule(Kind.REMINDER_1_DAY, CONFIRMED & _known(DAY),
         Moment("starts_at", -DAY), Moment("starts_at"), ("visit", "revision")),
    Rule(Kind.CANCELLED, CANCELLED & KNEW_OF_IT & HAD_A_TIME_AHEAD,
         Moment("cancelled_at"), Moment("starts_at"), ("cancelled",)),
    Rule(Kind.CANCELLED, CANCELLED & KNEW_OF_IT & (~HAD_A_TIME_AHEAD | Q(starts_at=None)),
         Moment("cancelled_at"), Moment("cancelled_at", 3 * DAY), ("cancelled",)),
)
# fmt: on


def owed(*, now: dt.datetime) -> list[Message]:
    """The e-mails that the present state owes at `now` and that nobody has noted yet: unsaved rows.

    As many queries however many consultations there are.
    """
    rows = [row for rule in RULES for row in rule.not_noted(now)]
    return rows + list(_aftercare_not_noted(now))


def note_owed(*, now: dt.datetime) -> int:
    """Writes down what is owed, once however many workers do so; gives how many were missing.

    In one order, so that no two workers wait for each other.
    """
    rows = sorted(owed(now=now), key=lambda row: (row.kind, row.about))
    Message.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)
    return len(rows)


def still_owed(message: Message, *, now: dt.datetime) -> bool:
    """Whether the present state still owes an e-mail that was noted earlier."""
    if message.kind == Kind.AFTERCARE:
        steps = [(step, until) for step, until in _steps() if step.pk == message.step_id]
        whose = Q(pk=message.session_id, consultation__email=message.addressee)
        return any(_sessions_at(step, until, now).filter(whose).exists() for step, until in steps)
    rules = [rule for rule in RULES if rule.kind == message.kind]
    whose = Q(pk=message.consultation_id, email=message.addressee, about=message.about)
    return any(rule.owed_to(now).filter(whose).exists() for rule in rules)


# --- Aftercare: steps counted from treatment sessions ------------------------------------------


def _steps() -> list[tuple[AftercareStep, dt.timedelta]]:
    """Each step, with how long after the session it is overtaken by the next one."""
    steps = list(AftercareStep.objects.order_by("treatment_id", "hours_after", "position"))
    rows = []
    for step in steps:
        later = [
            other.delay
            for other in steps
            if other.treatment_id == step.treatment_id and other.delay > step.delay
        ]
        rows.append((step, min(later, default=step.delay + LAST_STEP_USEFUL)))
    return rows


def _sessions_at(
    step: AftercareStep, until: dt.timedelta, now: dt.datetime
) -> QuerySet[TreatmentSession]:
    """The sessions that are at this step now; none that was voided."""
    sessions = TreatmentSession.objects.standing().filter(
        treatment=step.treatment_id,
        took_place_at__lte=now - step.delay,
        took_place_at__gt=now - until,
    )
    return sessions.exclude(consultation__email="").exclude(consultation__status=Status.CANCELLED)


def _aftercare_not_noted(now: dt.datetime) -> Iterator[Message]:
    """The rows that are missing, for all steps in one query."""
    steps = {step.pk: (step, until) for step, until in _steps()}
    parts = []
    for step, until in steps.values():
        noted = Message.objects.filter(
            kind=Kind.AFTERCARE,
            session=OuterRef("pk"),
            step=step,
            addressee=OuterRef("consultation__email"),
        )
        at_step = _sessions_at(step, until, now).filter(~Exists(noted)).order_by()
        parts.append(at_step.annotate(step_pk=Value(step.pk)).select_related("consultation"))
    for session in parts[0].union(*parts[1:], all=True) if parts else ():
        step, until = steps[session.step_pk]
        consultation = session.consultation
        yield Message(
            consultation=consultation,
            kind=Kind.AFTERCARE,
            about=f"{consultation.reference} session {session.pk} {step.key}",
            addressee=consultation.email,
            language=consultation.language,
            session=session,
            step=step,
            due_at=session.took_place_at + step.delay,
            useful_until=session.took_place_at + until,
            next_try_at=now,
        )
