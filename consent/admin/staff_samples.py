"""The e-mails to staff that this app writes, with made-up facts, for the page of all e-mails."""

import datetime as dt
import hashlib

from django.contrib.auth.models import User

from bookings.emails.samples import REFERENCE
from bookings.emails.staff import Words
from bookings.models import Consultation, Kind
from consent.actions.anchoring import anchor_mail
from consent.actions.looking import out_of_turn
from consent.models import ConsentRecord, How, RecordAccess, TreeHead


def staff_samples(now: dt.datetime) -> list[tuple[Kind, Words]]:
    """A look out of turn, and the ledger's head of the day: of no record and no tree."""
    record = ConsentRecord(consultation=Consultation(id=0, reference=REFERENCE))
    look = RecordAccess(record=record, by=User(username="reception"), how=How.READ, accessed_at=now)
    letters = hashlib.sha512(REFERENCE.encode()).digest()
    head = TreeHead(
        size=1234,
        root=letters[:32],
        signed_at=now,
        key_id=letters[32:].hex(),
        content=b"(a sample)",
        signature=letters,
    )
    return [(Kind.LOOKED, out_of_turn(look)), (Kind.ANCHOR, anchor_mail.words_of(head))]
