"""The video room of one visit, where it is not the dermatologist's usual one."""

from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bookings.actions.locks import lock_consultation
from bookings.models import Consultation, NotPossibleNow, Status


def give_own_room(*, consultation: Consultation, own_video_room: str) -> Consultation:
    """Gives this visit a video room of its own; "" goes back to the dermatologist's.

    Raises NotPossibleNow for an address that is not https, and for a visit that is not to come.
    """
    address = own_video_room.strip()
    if address and (urlsplit(address).scheme != "https" or not urlsplit(address).hostname):
        raise NotPossibleNow(
            _("A video room's address begins with https://."), field="own_video_room"
        )
    with transaction.atomic():
        locked = lock_consultation(consultation.pk)
        if locked.status not in (Status.HELD, Status.CONFIRMED, Status.ARRIVED):
            raise NotPossibleNow(_("Only a visit that is to come can be given a video room."))
        locked.own_video_room = address
        locked.save(update_fields=["own_video_room"])
    return locked
