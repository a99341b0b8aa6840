"""A clinic of a million consultations whose e-mails have all been sent, made by PostgreSQL itself.

40,000 confirmed visits lie ahead (nearly every slot of 24 weeks; one in ten was moved once), 500 times
are held, 8,000 visits ahead were cancelled, 2,000 requests wait; the rest is past. Two of three visits of
the last 100 days that took place had a treatment session, whose aftercare has nine steps up to week 12.
E-mails: all of whatever lies ahead and of the last 100 days, one for each older visit.
"""

import contextlib
import datetime as dt
import os
from collections.abc import Iterator

from django.db import connections
from psycopg import sql

from bookings import owing
from bookings.models import Message, MessageState, Relay
from clinic.models import Treatment
from tests import make
from tests.bench import rows

SIZE = int(os.environ.get("BENCH_MAILED", "1000000"))
CONFIRMED, HELD, CANCELLED, WAITING = 40_000, 500, 8_000, 2_000
HELD_TO = CONFIRMED + HELD
CANCELLED_TO = HELD_TO + CANCELLED
WAITING_TO = CANCELLED_TO + WAITING
FIRST = 1_000  # ids of what is copied begin here
STEPS = (0, 24, 48, 72, 168, 336, 672, 1_344, 2_016)  # hours
# The clinic's present, five past twelve in Dubai: between two slots, and by day.
NOON = "(date_trunc('day', now() - interval '485 minutes') + interval '485 minutes')"
TODAY = f"date_trunc('day', {NOON}) + interval '5 hours'"  # 9:00 in Dubai
DAY_AND_SLOT = (
    f"{{}} (1 + {{}} / {rows.SLOTS_A_DAY}) * interval '1 day'"
    f" + {{}} % {rows.SLOTS_A_DAY} * interval '20 minutes'"
)
AHEAD = TODAY + DAY_AND_SLOT.format("+", "k", "k")
BEFORE = f"((n - {WAITING_TO}) / {rows.DERMATOLOGISTS})"
PAST = TODAY + DAY_AND_SLOT.format("-", BEFORE, BEFORE)
START = (
    f"CASE WHEN n < {HELD_TO} THEN {AHEAD}"
    f" WHEN n < {CANCELLED_TO} THEN {AHEAD} - interval '150 days'"
    f" WHEN n >= {WAITING_TO} THEN {PAST} END"
)
STATUS = (
    f"CASE WHEN n < {CONFIRMED} THEN 'confirmed' WHEN n < {HELD_TO} THEN 'held'"
    f" WHEN n < {CANCELLED_TO} THEN 'cancelled' WHEN n < {WAITING_TO} THEN 'waiting'"
    " WHEN n % 100 < 80 THEN 'completed' WHEN n % 100 < 86 THEN 'no_show'"
    " WHEN n % 100 < 97 THEN 'cancelled' ELSE 'expired' END"
)
ASKED = (
    f"least({NOON}, coalesce({START}, {NOON}) - interval '9 days') - n % 5000 * interval '1 minute'"
)

SESSIONS = f"""
INSERT INTO bookings_treatmentsession
    (consultation_id, treatment_id, took_place_at, recorded_at, void_reason)
SELECT id, treatment_id, starts_at + interval '1 hour', starts_at + interval '1 hour', ''
FROM bookings_consultation
WHERE status = 'completed' AND id % 3 > 0 AND starts_at > {NOON} - interval '100 days'
"""
MESSAGE = """
INSERT INTO bookings_message
    (consultation_id, kind, about, addressee, language, session_id, step_id, revision, serial,
     subject, body, state, due_at, useful_until, next_try_at, tries, lease, phase, dot_at, copies,
     sent_at, wording, trouble, answer)
SELECT one.id, {kind}, one.reference || {about}, one.email, one.language, {session}, {step},
    {revision}, 1, '', '', 'sent', {due}, {due}, {due}, 1, 1, '', {due}, 1, {due}, '', '', ''
FROM bookings_consultation one {more} WHERE {where}
"""
RECENT = f"one.starts_at > {NOON} - interval '100 days'"

# The pattern of all others was made by the real clock, in a slot that is needed.
OUT_OF_THE_WAY = f"""
UPDATE bookings_consultation SET
    starts_at = starts_at + interval '300 days', ends_at = ends_at + interval '300 days',
    code_issued_at = {NOON} - interval '9 days', proven_at = {NOON} - interval '9 days',
    confirmed_at = {NOON} - interval '9 days'
"""
# For the day on which very many e-mails are due at once.
A_DAY = 10  # visits for each of the dermatologists who come in addition
MORE = 1_000_000  # their ids begin here
THEY_OFFER = f"""
INSERT INTO clinic_dermatologist_treatments (dermatologist_id, treatment_id)
SELECT dermatologist.id, treatment.id FROM clinic_dermatologist dermatologist, clinic_treatment treatment
WHERE dermatologist.id >= {MORE}
"""
MOVE_UP = f"""
UPDATE bookings_consultation SET
    dermatologist_id = %s + which / {A_DAY},
    starts_at = %s - (which %% {A_DAY} + 1) * interval '20 minutes',
    ends_at = %s - (which %% {A_DAY}) * interval '20 minutes'
FROM (
    SELECT id, row_number() OVER (ORDER BY starts_at DESC) - 1 AS which FROM bookings_consultation
    WHERE status = 'confirmed' AND revision = 0 AND id >= {FIRST} ORDER BY starts_at DESC LIMIT %s
) far WHERE far.id = bookings_consultation.id
"""


def _of_visit(
    kind: str, due: str, where: str, *, revision: str = "0", about: str = "' visit 0'"
) -> str:
    return MESSAGE.format(
        kind=f"'{kind}'",
        about=about,
        session="NULL",
        step="NULL",
        revision=revision,
        due=due,
        more="",
        where=where,
    )


MOVED = "one.status = 'confirmed' AND one.revision = 1"
VISITED = "one.status IN ('confirmed', 'completed', 'no_show') AND one.revision = 0"
SENT = (
    _of_visit("confirmed", "one.confirmed_at", "one.confirmed_at IS NOT NULL"),
    _of_visit("moved", "one.confirmed_at", MOVED, revision="1", about="' visit 1'"),
    _of_visit(
        "cancelled",
        "one.cancelled_at",
        f"one.status = 'cancelled' AND {RECENT}",
        about="' cancelled'",
    ),
    *(
        _of_visit(
            f"reminder_{name}",
            f"one.starts_at - interval '{before}'",
            f"{VISITED} AND {RECENT} AND one.starts_at - interval '{before}' <= {NOON}",
        )
        for name, before in (("3_days", "3 days"), ("1_day", "1 day"), ("1_hour", "1 hour"))
    ),
    MESSAGE.format(
        kind="'aftercare'",
        about="' session ' || session.id || ' ' || step.hours_after || ' ' || step.key",
        session="session.id",
        step="step.id",
        revision="0",
        due="session.took_place_at + step.hours_after * interval '1 hour'",
        more="JOIN bookings_treatmentsession session ON session.consultation_id = one.id"
        " JOIN clinic_aftercareplan plan ON plan.treatment_id = session.treatment_id"
        " AND plan.state = 'published' JOIN clinic_aftercarestep step ON step.plan_id = plan.id",
        where=f"session.took_place_at + step.hours_after * interval '1 hour' <= {NOON}",
    ),
)


@contextlib.contextmanager
def clinic() -> Iterator[dt.datetime]:
    """A copy of it for this run alone, to which Django's connections lead; its present moment.

    For ten minutes from then nothing falls due.
    """
    template = f"bench_{rows.fingerprint()}_{SIZE}mailed"
    name = f"{template}_{os.getpid()}"
    with rows.as_owner("postgres") as owner:
        known = owner.execute("SELECT FROM pg_database WHERE datname = %s", [template]).fetchone()
        if known is None:
            rows.drop(owner, "bench_unfinished")
            rows.create(owner, "bench_unfinished", template="template0")
            rows.make_clinic("bench_unfinished")
            _fill("bench_unfinished")
            rename = sql.SQL("ALTER DATABASE bench_unfinished RENAME TO {}")
            owner.execute(rename.format(sql.Identifier(template)))
        rows.create(owner, name, template=template)
        rows.point_at(name)
        try:
            now = Relay.objects.get().looked_at
            assert now is not None
            yield now
        finally:
            rows.point_at("postgres")
            rows.drop(owner, name)


def _fill(name: str) -> None:
    rows.point_at(name)
    for treatment in Treatment.objects.all():
        make.aftercare_steps(treatment, hours=STEPS)
    rows.point_at("postgres")
    with rows.as_owner(name) as owner:
        owner.execute(OUT_OF_THE_WAY)
        patients = {"email": "'person' || n || '@example.com'", "name": "'Person ' || n"}
        rows.multiply(owner, "bookings_patient", SIZE // 4, patients)
        rows.multiply(owner, rows.TABLE, SIZE, _columns())
        owner.execute("ANALYZE")
        owner.execute(SESSIONS)
        with rows.without_guards(owner, "bookings_message", SIZE):
            for each in SENT:
                owner.execute(each)
        for table in (rows.TABLE, "bookings_patient"):
            owner.execute(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")
        ((now,),) = owner.execute(f"SELECT {NOON}").fetchall()
    _nothing_is_due(name, now.astimezone(dt.UTC))
    with rows.as_owner(name) as owner:
        owner.execute("VACUUM ANALYZE")


def _nothing_is_due(name: str, now: dt.datetime) -> None:
    """What is owed still is noted, and has been sent."""
    rows.point_at(name)
    owing.note_owed(now=now)
    Message.objects.exclude(state=MessageState.SENT).update(
        state=MessageState.SENT, sent_at=now, dot_at=now, copies=1
    )
    rows.point_at("postgres")


def _columns() -> dict[str, str]:
    taken = f"n < {CANCELLED_TO} OR n >= {WAITING_TO}"
    confirmed = f"n < {CONFIRMED} OR n >= {HELD_TO} AND n < {CANCELLED_TO} OR ({STATUS}) IN ('completed', 'no_show')"
    return {
        **rows.of_one(START, STATUS, first=FIRST),
        "dermatologist_id": f"CASE WHEN {taken} THEN 1 + n % {rows.DERMATOLOGISTS} END",
        "ends_at": f"({START}) + interval '20 minutes'",
        "asked_at": ASKED,
        "proven_at": ASKED,
        "confirmed_at": f"CASE WHEN {confirmed} THEN {ASKED} END",
        "revision": f"CASE WHEN n < {CONFIRMED} AND n % 10 = 3 THEN 1 ELSE 0 END",
        "code_issued_at": ASKED,
        "held_at": f"CASE WHEN {taken} THEN {ASKED} END",
        "hold_expires_at": f"CASE WHEN n >= {CONFIRMED} AND n < {HELD_TO} THEN {NOON} + interval '20 hours'"
        f" WHEN {taken} THEN {ASKED} + interval '20 minutes' END",
        "cancelled_at": f"CASE WHEN ({STATUS}) = 'cancelled'"
        f" THEN least({NOON} - interval '1 hour', {START}) END",
        "outcome_at": f"CASE WHEN ({STATUS}) IN ('completed', 'no_show') THEN {START} END",
    }


def make_due(count: int, *, at: dt.datetime) -> None:
    """So many of the visits far ahead move to the end of the next day: their reminders are due.

    A hundred times as many dermatologists see them, ten each.
    """
    name = connections["default"].settings_dict["NAME"]
    doctors = count // A_DAY
    with rows.as_owner(name) as owner:
        new = {"slug": "'more-' || n", "licence_number": "'MORE-' || n", "user_id": "NULL"}
        rows.multiply(owner, "clinic_dermatologist", doctors, {"id": f"{MORE} + n", **new})
        owner.execute(THEY_OFFER)
        tomorrow = at + dt.timedelta(days=1)
        owner.execute(MOVE_UP, [MORE, tomorrow, tomorrow, count])
        owner.execute("VACUUM ANALYZE")
