"""What PostgreSQL guarantees of a consultation, each under a name that is a sentence, and its indexes.

More are triggers (migrations 0002, 0006, 0010 and 0012): the steps of the transition table, that a visit
is about a treatment which its dermatologist offers, that what was erased stays erased, and which
transaction changed a row last.
"""

import datetime as dt

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import BaseConstraint, F, Func, Q, Value

from bookings.models.status import TAKES_THE_SLOT, VISITED
from clinic.models import LONGEST_VISIT

ERASED = "(erased)"  # where a reason has to stand, once the words that stood there are gone
LONGEST = dt.timedelta(minutes=LONGEST_VISIT)
ITS_TIME = Func(
    F("starts_at"),
    F("ends_at"),
    Value("[)"),
    function="tstzrange",
    output_field=DateTimeRangeField(),
)
# The columns that say when something happened of which an e-mail tells.
HAPPENED = (
    *("code_issued_at", "proven_at", "link_asked_at", "offered_at", "email_changed_at"),
    *("confirmed_at", "asks_again_since", "cancelled_at"),
)

INDEXES = [
    models.Index(fields=["starts_at"], name="consultation_starts"),
    models.Index(fields=["email"], name="consultation_email"),
    # What bookings/reminders.py asks every two seconds, whatever lies in the past.
    models.Index(
        fields=["hold_expires_at"],
        condition=Q(status__in=["held", "expired"]),
        name="consultation_holds",
    ),
    models.Index(fields=["code_issued_at"], condition=Q(proven_at=None), name="consultation_codes"),
    models.Index(
        fields=["code_issued_at"], condition=~Q(new_email=""), name="consultation_new_address"
    ),
    models.Index(
        fields=["link_asked_at"],
        condition=Q(link_asked_at__isnull=False),
        name="consultation_links",
    ),
    models.Index(
        fields=["cancelled_at"],
        condition=Q(status="cancelled"),
        name="consultation_cancelled",
    ),
    models.Index(fields=["proven_at"], condition=Q(status="waiting"), name="consultation_waiting"),
    models.Index(
        fields=["asks_again_since"],
        condition=Q(status="confirmed", asks_again_since__isnull=False),
        name="consultation_asks_again",
    ),
    models.Index(
        fields=["email_changed_at"],
        condition=Q(email_changed_at__isnull=False),
        name="consultation_address",
    ),
    models.Index(
        fields=["confirmed_at"], condition=Q(status="confirmed"), name="consultation_confirmed"
    ),
    models.Index(fields=["changed_in"], name="consultation_changed"),
    models.Index(fields=["latest_at"], name="consultation_latest"),
    # What is taken on a day, for one dermatologist; the past and the finished lie outside.
    models.Index(
        fields=["dermatologist", "starts_at"],
        include=["ends_at", "hold_expires_at"],
        condition=Q(status__in=TAKES_THE_SLOT),
        name="consultation_taken",
    ),
    models.Index(
        fields=["ip"], condition=Q(proven_at=None, ip__isnull=False), name="consultation_ip"
    ),
]

CONSTRAINTS: list[BaseConstraint] = [
    ExclusionConstraint(
        name="one_patient_at_a_time",
        expressions=[
            ("dermatologist", RangeOperators.EQUAL),
            (ITS_TIME, RangeOperators.OVERLAPS),
        ],
        condition=Q(status__in=TAKES_THE_SLOT),
    ),
    ExclusionConstraint(
        name="one_visit_at_a_time_for_a_patient",
        expressions=[
            ("patient", RangeOperators.EQUAL),
            (ITS_TIME, RangeOperators.OVERLAPS),
        ],
        condition=Q(status__in=TAKES_THE_SLOT, patient__isnull=False),
    ),
    models.CheckConstraint(
        name="no_visit_before_the_risks_are_acknowledged",
        condition=~Q(status__in=VISITED)
        | (
            Q(risks_total__gt=0)
            & Q(risks_acknowledged=F("risks_total"))
            & Q(risks_acknowledged_at__isnull=False)
            & Q(proven_at__isnull=False)
            & Q(patient__isnull=False)
            & Q(treatment__isnull=False)
            & ~Q(receipt="")
        ),
    ),
    models.CheckConstraint(
        name="a_taken_slot_has_its_time_and_dermatologist",
        condition=~Q(status__in=TAKES_THE_SLOT)
        | Q(dermatologist__isnull=False, starts_at__isnull=False, ends_at__isnull=False),
    ),
    models.CheckConstraint(
        name="a_visit_ends_after_it_starts",
        condition=Q(starts_at=None, ends_at=None) | Q(ends_at__gt=F("starts_at")),
    ),
    # So that what touches a day is found without looking through all that is earlier.
    models.CheckConstraint(
        name="a_visit_takes_eight_hours_at_most",
        condition=Q(ends_at__lte=F("starts_at") + LONGEST),
    ),
    models.CheckConstraint(
        name="a_hold_says_until_when",
        condition=~Q(status="held") | Q(hold_expires_at__isnull=False, held_at__isnull=False),
    ),
    models.CheckConstraint(
        name="a_waiting_request_has_no_time",
        condition=~Q(status="waiting") | Q(starts_at=None, ends_at=None),
    ),
    models.CheckConstraint(
        name="a_proven_address_says_how",
        condition=(Q(proven_at=None) & Q(proven_by="") & Q(patient=None))
        | (Q(proven_at__isnull=False) & ~Q(proven_by="") & Q(patient__isnull=False)),
    ),
    models.CheckConstraint(
        name="a_proof_in_person_names_who_and_why",
        condition=~Q(proven_by="in_person") | ~Q(proven_note=""),
    ),
    models.CheckConstraint(
        name="a_cancelled_one_says_when",
        condition=Q(status="cancelled", cancelled_at__isnull=False)
        | (~Q(status="cancelled") & Q(cancelled_at=None)),
    ),
    models.CheckConstraint(
        name="on_the_phone_staff_cancel_for_the_patient",
        condition=Q(cancelled_on_the_phone=False)
        | Q(status="cancelled", cancelled_by_patient=False),
    ),
    models.CheckConstraint(
        name="no_more_risks_acknowledged_than_listed",
        condition=Q(risks_acknowledged__lte=F("risks_total")),
    ),
    models.CheckConstraint(
        name="a_changed_address_says_when",
        condition=Q(former_email="") | Q(email_changed_at__isnull=False),
    ),
    models.CheckConstraint(
        name="an_erased_consultation_names_nobody",
        condition=Q(erased_at=None, birth_date__isnull=False)
        | (
            Q(erased_at__isnull=False, birth_date=None, ip=None)
            & Q(patient_name="", guardian_name="", email="", mobile="")
            & Q(new_email="", former_email="")
            & Q(own_video_room="", move_reason="", cancel_reason="")
            & Q(proven_note__in=["", ERASED])
        ),
    ),
]
