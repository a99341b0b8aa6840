"""Every look of a member of staff at a consent record: a row, before anything is shown."""

import datetime as dt

from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from bookings.models import NotPossibleNow
from consent.models import ConsentRecord, How, RecordAccess


def look(*, record: ConsentRecord, by: User, how: str, now: dt.datetime) -> RecordAccess:
    """Writes down that somebody of the staff reads, prints or exports a record at `now` (UTC).

    Whoever shows the record calls this first, in the transaction in which it reads what it shows,
    and shows it after that has ended: where the row cannot be written, nothing is shown. Raises
    NotPossibleNow for who is not of the staff, and whatever PostgreSQL raises.
    """
    if not (by.is_staff and by.is_active):
        raise NotPossibleNow(_("Only staff can look at a consent record here."))
    return RecordAccess.objects.create(record=record, by_id=by.pk, how=How(how), accessed_at=now)
