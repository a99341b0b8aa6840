"""E-mails that did not arrive, as a sender leaves them; one for each state that needs staff."""

from bookings import delivery
from bookings.models import Consultation, Kind, Message, MessageState
from tests import make
from tests.bookings.mails import DAY, HOUR, NEXT_WEEK
from tests.bookings.owing import note

WHOSE = ("patient_name", "mobile", "email", "starts_at", "dermatologist", "treatment")
# What each state brings with it: the columns as delivery/ writes them.
LEFT = {
    MessageState.BAD_ADDRESS: {"trouble": delivery.ADDRESS_REFUSED, "answer": "550 5.1.1"},
    MessageState.BOUNCED: {
        **{"copies": 1, "dot_at": make.NOW, "sent_at": make.NOW, "bounced_at": make.NOW + HOUR},
    },
    MessageState.UNKNOWN: {"copies": 2, "dot_at": make.NOW, "trouble": delivery.NOBODY_KNOWS},
    MessageState.GAVE_UP: {"trouble": delivery.NOT_WRITTEN},
}


def undelivered(state: str = MessageState.GAVE_UP, **fields) -> Message:
    """The confirmation of a visit next week, in that state since make.NOW."""
    visit = {name: fields.pop(name) for name in list(fields) if name in WHOSE}
    row = make.confirmed(**({"starts_at": NEXT_WEEK} | visit))
    noted = [one for one in note(make.NOW) if one.consultation_id == row.pk]
    Message.objects.filter(pk=noted[0].pk).update(state=state, **(LEFT[state] | fields))
    return Message.objects.get(pk=noted[0].pk)


def to_staff(state: str = MessageState.GAVE_UP, **fields) -> Message:
    """The ledger's head of the day, which did not reach the lead."""
    given = {
        "kind": Kind.ANCHOR,
        "about": "head 7",
        "addressee": "lead@example.com",
        "language": "en",
        "subject": "Head",
        "body": "The canary of a body",
        **{"due_at": make.NOW, "next_try_at": make.NOW, "useful_until": make.NOW + DAY},
        "state": state,
    }
    return Message.objects.create(**(given | LEFT[state] | fields))


def sent(consultation: Consultation, **fields) -> Message:
    """Its newest e-mail, as the relay took it at make.NOW."""
    rows = Message.objects.filter(consultation=consultation)
    rows = rows.filter(pk=rows.latest("pk").pk)
    rows.update(
        **{"state": MessageState.SENT, "sent_at": make.NOW, "dot_at": make.NOW, "copies": 1}
        | fields
    )
    return rows.get()
