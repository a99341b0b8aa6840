"""Asks what is owed now, and writes it down: rows come into being when due, each once."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_noop

from bookings import aftercare, looks
from bookings.models import CODES, Consultation, Kind, Message, MessageState
from bookings.moments import Rule
from bookings.reminders import BY_DAY, CANCELLED, RULES
from clinic import times
from clinic.models import AftercareStep

# What staff read on the desk; kept in English and translated where it is shown.
TOO_LATE = gettext_noop("It could not be sent in time.")
SAID_ALREADY = gettext_noop("Another e-mail of the same moment says the same.")

SAY_ALL = (Kind.CONFIRMED, Kind.MOVED)
REMINDERS = (Kind.REMINDER_3_DAYS, Kind.REMINDER_1_DAY, Kind.REMINDER_1_HOUR)
# Dropped as the state did not owe it then. If it does again, it is as good as not noted.
LET_GO = Q(state=MessageState.DROPPED) & ~Q(trouble=SAID_ALREADY)


@dataclass(frozen=True)
class ToCome:
    """An e-mail that will be owed, if nothing changes."""

    kind: Kind
    due_at: dt.datetime
    step: AftercareStep | None = None


def owed(*, now: dt.datetime, since: dt.datetime | None = None) -> list[Message]:
    """The e-mails that the present state owes at `now` and that nobody has noted yet: unsaved rows.

    Those too that were noted and then dropped, as the state did not owe them meanwhile. Promised ones too whose time ended after `since`: they come as given up, for staff to see. As many
    queries however many consultations there are.
    """
    return found_by(looks.Look(now, since or now))


def found_by(look: looks.Look) -> list[Message]:
    """The same, as far as the look goes."""
    turn = None if look.is_whole else _whose_turn(look)
    rows: list[Message] = []
    for rule in RULES if turn is None or turn else ():
        rows += _not_noted(rule, turn, since=look.since, now=look.now)
    for row, by_day in aftercare.not_noted(look, turn):
        rows.append(_when(row, by_day=by_day, now=look.now))
    return list(_without_twins(rows))


def note_owed(*, now: dt.datetime) -> int:
    """Writes down what is owed, once however many workers do so; gives how many were missing.

    In one order, so that no two workers wait for each other.
    """
    look = looks.begin(now=now)
    rows = sorted(found_by(look), key=lambda row: (row.kind, row.about))
    Message.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)
    _owe_again(rows)
    looks.end(look)
    return len(rows)


def _owe_again(rows: list[Message]) -> None:
    """Those of them that stand there already, dropped: their old rows wait to be sent once more."""
    if not rows:
        return
    visits = sorted({row.consultation_id for row in rows if row.consultation_id})
    let_go = Message.objects.filter(LET_GO, looks.among(visits, "consultation"))
    there = {(row.addressee, row.kind, row.about): row for row in let_go}
    for row in rows:
        if old := there.get((row.addressee, row.kind, row.about)):
            Message.objects.filter(LET_GO, pk=old.pk).update(
                state=row.state,
                trouble=row.trouble or old.trouble,
                next_try_at=row.next_try_at,
                tries=0,
            )


def still_owed(message: Message, *, now: dt.datetime) -> bool:
    """Whether the present state still owes an e-mail that was noted earlier. To staff: always."""
    return bool(which_are_owed([message], now=now))


def which_are_owed(messages: list[Message], *, now: dt.datetime) -> set[int]:
    """Those of them that the present state still owes, by their numbers."""
    owed = {row.pk for row in messages if row.is_to_staff}
    tips = (row for row in messages if row.kind == Kind.AFTERCARE)
    owed |= {row.pk for row in tips if aftercare.still_owed(row, now=now)}
    owed |= {row.pk for row in messages if _tells_a_former_address(row, now=now)}
    for rule in RULES:
        asked = {
            (row.consultation_id, row.about, row.addressee): row.pk
            for row in messages
            if row.kind == rule.kind
        }
        if asked:
            visits = looks.among([visit for visit, _about, _to in asked if visit])
            for row in _owed_to(rule, now, now).filter(visits):
                known = (row.pk, row.about, getattr(row, rule.to))  # type: ignore[attr-defined]
                if known in asked and _in_time(rule, row, now, now):
                    owed.add(asked[known])
    return owed


def _tells_a_former_address(message: Message, *, now: dt.datetime) -> bool:
    """Word that the address was changed is owed to each that was left, though more changes follow.

    The consultation remembers the last one alone; the row itself remembers the others. Back at the address
    there is nothing to tell it.
    """
    if message.kind != Kind.ADDRESS_CHANGED or message.useful_until <= now:
        return False
    left = Consultation.objects.filter(
        messages=message.pk, proven_at__isnull=False, email_changed_at__gte=message.due_at
    )
    return left.exclude(email__in=["", message.addressee]).exists()


def note_word_of_change(consultation: Consultation, *, now: dt.datetime) -> None:
    """Notes what the last change of the address owes, before another one takes its place."""
    for rule in RULES:
        if rule.kind == Kind.ADDRESS_CHANGED:
            rows = list(_not_noted(rule, [consultation.pk], since=now, now=now))
            Message.objects.bulk_create(rows, ignore_conflicts=True)


def is_missed(message: Message) -> bool:
    """Whether it belongs to the promise, and is owed but for its time, which is over."""
    if message.kind == Kind.AFTERCARE:
        return aftercare.is_missed(message)
    whose = Q(pk=message.consultation_id, about=message.about)
    return any(
        _among(rule).filter(whose, **{rule.to: message.addressee}).exists()
        for rule in RULES
        if rule.kind == message.kind and rule.promised
    )


def quiet_until(message: Message, *, now: dt.datetime) -> dt.datetime:
    """When an e-mail may be sent that is due now: at once, or when the patient's night ends."""
    if message.consultation is None or not _is_by_day(message):
        return now
    morning = times.quiet_until(now, message.consultation.zone_that_counts)
    return morning if morning < message.useful_until else now


def to_come(consultation: Consultation, *, now: dt.datetime) -> list[ToCome]:
    """What a consultation will be owed if nothing changes, in order."""
    found = []
    for rule in RULES:
        counted_from = getattr(consultation, rule.due.field)
        if counted_from is None or (due := rule.due.of(consultation)) <= now:
            continue
        if _among(rule).filter(pk=consultation.pk).exists():
            due = times.quiet_until(due, consultation.zone_that_counts) if rule.by_day else due
            found.append(ToCome(rule.kind, due))
    sessions = consultation.sessions.standing().select_related("consultation")
    for tip, due in aftercare.to_come(sessions, now=now):
        due = times.quiet_until(due, consultation.zone_that_counts) if tip.by_day else due
        found.append(ToCome(Kind.AFTERCARE, due, tip.step))
    return sorted(found, key=lambda row: row.due_at)


# --- One line of the table -------------------------------------------------------------------------


def _among(rule: Rule) -> QuerySet[Consultation]:
    """Those in the rule's state who can be written to, each with what the e-mail is `about`."""
    word, *columns = rule.about
    number = [part for name in columns for part in (Value(" "), Cast(name, CharField()))]
    about = Concat(F("reference"), Value(f" {word}"), *number, output_field=CharField())
    among = Consultation.objects.filter(rule.state)
    if not rule.after_cancel:
        among = among.exclude(CANCELLED)
    return among.exclude(**{rule.to: ""}).annotate(about=about)


def _owed_to(rule: Rule, since: dt.datetime, now: dt.datetime) -> QuerySet[Consultation]:
    """Those that are owed it, sent or not; near a change of the clock a few more (`_in_time`)."""
    return _among(rule).filter(rule.due.has_come(now), rule.until.lies_ahead(since))


def _in_time(rule: Rule, row: Consultation, since: dt.datetime, now: dt.datetime) -> bool:
    return rule.due.of(row) <= now and rule.until.of(row) > since


def _whose_turn(look: looks.Look) -> list[int]:
    """The consultations to which the last look could not have noted what is owed now."""
    parts = []
    for number, rule in enumerate(RULES):
        if rule.due.lies_ahead_when_written:
            due = Consultation.objects.filter(rule.state, rule.due.has_come(look.now))
            due = due.filter(rule.due.has_not_come(look.since)).order_by()
            parts.append(due.values_list(Value(number), "pk", rule.due.field, "zone"))
    happened = Q(latest_at__gte=look.since)  # perhaps seen by the last look before its time
    changed = Consultation.objects.filter(look.changed() | happened).order_by()
    every = changed.values_list(Value(-1), "pk", "asked_at", "zone").union(*parts, all=True)
    return sorted(
        {
            pk
            for number, pk, time, zone in every
            if number < 0 or look.since <= RULES[number].due.at(time, zone) <= look.now
        }
    )


def _not_noted(
    rule: Rule, turn: list[int] | None, *, since: dt.datetime, now: dt.datetime
) -> Iterator[Message]:
    """The rows that are missing, for those whose turn it is; for all where that is None."""
    since = since if rule.promised else now
    noted = Message.objects.filter(
        addressee=OuterRef(rule.to), kind=rule.kind, about=OuterRef("about")
    )
    owed_to = _owed_to(rule, since, now)
    if turn is not None:
        owed_to = owed_to.filter(looks.among(turn))
    for row in owed_to.filter(~Exists(noted.exclude(LET_GO))).order_by("pk"):
        if not _in_time(rule, row, since, now):
            continue
        message = Message(
            consultation=row,
            kind=rule.kind,
            about=row.about,  # type: ignore[attr-defined]  # annotated above
            addressee=getattr(row, rule.to),
            language=row.language,
            revision=row.revision,
            serial=row.code_serial if rule.kind in CODES else row.link_serial,
            due_at=now if rule.due_at_once else rule.due.of(row),
            useful_until=rule.until.of(row),
            next_try_at=now,
        )
        yield _when(message, by_day=rule.by_day, now=now)


def _is_by_day(message: Message) -> bool:
    if message.kind == Kind.AFTERCARE:
        assert message.step is not None
        return message.step.hours_after > 0
    return message.kind in BY_DAY


def _when(message: Message, *, by_day: bool, now: dt.datetime) -> Message:
    """The row, to be sent now, in the morning, or not at all any more."""
    if message.useful_until <= now:
        message.state, message.trouble = MessageState.GAVE_UP, TOO_LATE
    elif by_day:
        message.next_try_at = quiet_until(message, now=now)
    return message


def _without_twins(rows: Iterable[Message]) -> Iterator[Message]:
    """Who is told of a visit, or of its new time, need not be reminded of it in the same moment."""
    by_visit = sorted(rows, key=lambda row: row.consultation_id or 0)
    for _visit, of_one in groupby(by_visit, lambda row: row.consultation_id):
        together = list(of_one)
        told = any(row.kind in SAY_ALL and row.state == MessageState.OWED for row in together)
        for row in together:
            if told and row.kind in REMINDERS:
                row.state, row.trouble = MessageState.DROPPED, SAID_ALREADY
            yield row
