"""What an e-mail is for, and where it stands."""

from django.db.models import Case, TextChoices, When
from django.utils.translation import gettext_lazy as _


class Kind(TextChoices):
    """What an e-mail is for."""

    CODE = "code", _("code")
    OFFERED = "offered", _("time offered")
    REQUEST_RECEIVED = "request_received", _("request received")
    FINISH = "finish", _("finish your booking")
    LINK = "link", _("new link")
    NEW_ADDRESS = "new_address", _("prove the new address")
    ADDRESS_CHANGED = "address_changed", _("address changed")
    CONFIRMED = "confirmed", _("confirmed")
    REMINDER_3_DAYS = "reminder_3_days", _("reminder, 3 days before")
    REMINDER_1_DAY = "reminder_1_day", _("reminder, 1 day before")
    REMINDER_1_HOUR = "reminder_1_hour", _("reminder, 1 hour before")
    MOVED = "moved", _("moved")
    CANCELLED = "cancelled", _("cancelled")
    HOLD_RAN_OUT = "hold_ran_out", _("hold ran out")
    ASK_AGAIN = "ask_again", _("acknowledge again")
    AFTERCARE = "aftercare", _("aftercare")
    # To staff; these have no consultation, and bring their own words.
    ANCHOR = "anchor", _("ledger's head of the day")
    LOOKED = "looked", _("a record was opened out of turn")
    BOUNCE = "bounce", _("an e-mail came back")


TO_STAFF = (Kind.ANCHOR, Kind.LOOKED, Kind.BOUNCE)
CODES = (Kind.CODE, Kind.NEW_ADDRESS)  # somebody sits and waits for it
CODES_FIRST = Case(When(kind__in=CODES, then=0), default=1)


class MessageState(TextChoices):
    """Where an e-mail stands."""

    OWED = "owed", _("owed")
    SENDING = "sending", _("sending")
    SENT = "sent", _("sent")
    DROPPED = "dropped", _("no longer owed")
    # These four need staff.
    BAD_ADDRESS = "bad_address", _("no such mailbox")
    BOUNCED = "bounced", _("came back")
    UNKNOWN = "unknown", _("may have arrived, nobody knows")
    GAVE_UP = "gave_up", _("could not be sent")


NEEDS_STAFF = (
    *(MessageState.BAD_ADDRESS, MessageState.BOUNCED),
    *(MessageState.UNKNOWN, MessageState.GAVE_UP),
)


class Phase(TextChoices):
    """How far the sending of an e-mail has come."""

    DOT = "dot", _("about to send the last dot")
