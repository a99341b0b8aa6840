"""Every look of a member of staff at a consent record: a row, before anything is shown."""

import datetime as dt

from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import bookings.actions
from bookings.emails import staff
from bookings.emails.pens import TEXT, one_line
from bookings.models import Kind, NotPossibleNow
from consent.models import ConsentRecord, How, RecordAccess

USEFUL_FOR = dt.timedelta(days=7)


def look(*, record: ConsentRecord, by: User, how: str, now: dt.datetime) -> RecordAccess:
    """Writes down that somebody of the staff reads, prints or exports a record at `now` (UTC).

    Whoever shows the record calls this first, in the transaction in which it reads what it shows,
    and shows it after that has ended: where the row cannot be written, nothing is shown. A look out
    of turn, by another than the visit's dermatologist, is told to the clinic's leads as well. Raises
    NotPossibleNow for who is not of the staff, and whatever PostgreSQL raises.
    """
    if not (by.is_staff and by.is_active):
        raise NotPossibleNow(gettext_lazy("Only staff can look at a consent record here."))
    row = RecordAccess.objects.create(record=record, by_id=by.pk, how=How(how), accessed_at=now)
    if not _in_turn(record, by):
        _tell_leads(row)
    return row


def _in_turn(record: ConsentRecord, by: User) -> bool:
    dermatologist = record.consultation.dermatologist
    return dermatologist is not None and dermatologist.user_id == by.pk


def _tell_leads(row: RecordAccess) -> None:
    """Once a day for each who, what and how. Who and which reference; no patient, nothing of health."""
    words = out_of_turn(row)
    bookings.actions.tell_staff(
        kind=Kind.LOOKED,
        about=f"{row.record.consultation.reference} {row.by_id} {row.how} {row.accessed_at:%Y-%m-%d}",
        to=bookings.actions.leads(),
        subject=words.subject,
        body=words.body,
        now=row.accessed_at,
        useful_for=USEFUL_FOR,
    )


def out_of_turn(row: RecordAccess) -> staff.Words:
    """What the leads read of a look by another than the visit's dermatologist."""
    reference = TEXT.reference(row.record.consultation.reference)
    who = TEXT.name(one_line(row.by.get_username()))
    page = settings.SITE_URL + reverse("admin:consent_recordaccess_changelist")
    at = TEXT.number(f"{row.accessed_at:%Y-%m-%d %H:%M} UTC")

    def words() -> staff.Words:
        says = {"reference": reference, "who": who, "page": page, "at": at}
        says["how"] = How(row.how).label
        return staff.Words(
            _("A consent record was opened out of turn: %(reference)s") % says,
            _(
                "Somebody who is not the visit's dermatologist has opened a consent record.\n\n"
                "Consultation: %(reference)s\n"
                "Who (sign-in name): %(who)s\n"
                "How: %(how)s\n"
                "When: %(at)s\n\n"
                "If you do not know why, please ask them. All looks stand here:\n"
                "%(page)s"
            )
            % says,
        )

    return staff.in_both(words)
