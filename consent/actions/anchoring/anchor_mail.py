"""The e-mail of the day: the newest head, to the clinic's lead, who keeps it where no clerk can reach.

It goes as every e-mail to staff goes, and is kept when the mail server took it, not when it was written.
"""

import datetime as dt

from django.conf import settings
from django.db.models import QuerySet

import bookings.actions
from bookings.emails.staff import Words
from bookings.models import Kind, Message, MessageState
from consent import ledger
from consent.models import AnchorPlace, TreeHead

USEFUL_FOR = dt.timedelta(days=1)  # then there is a newer head
WAITING = (MessageState.OWED, MessageState.SENDING)
WORDS = """\
This e-mail proves the state of the clinic's consent ledger. Please keep it.
It names no patient. If somebody changes or takes away an entry that is counted
here, the ledger no longer leads to the root below, and this e-mail shows it.

Entries:    {size}
Root:       {root}
Signed at:  {at} (UTC)
Key:        {key}
            (the fingerprint of the clinic's public key; it changes only when
            the clinic changes its key)

The words that were signed, on one line, and the signature (Ed25519, base64url):

{content}
{signature}
"""


class NotMailed(Exception):
    """No addressee's e-mail was taken; the message says why, for the log and the desk."""


def kept(newest: TreeHead, place: AnchorPlace, *, now: dt.datetime) -> TreeHead | None:
    """The head that one of ANCHOR_MAIL_TO at least has now; None while the e-mails are on their way.

    Where there are none for this try, they are written, with the newest head. Raises NotMailed when
    none of them was taken, or what was taken came back: then the next try writes others.
    """
    written = _of_this_try(newest, place)
    if not written:
        hand_over(newest, about=f"{newest.size} {place.tries}", now=now)
        return None
    if any(row.state == MessageState.SENT for row in written):
        return TreeHead.objects.get(size=_size(written[0]))
    if any(row.state in WAITING for row in written):
        return None
    raise NotMailed(written[0].trouble or written[0].get_state_display())


def came_back(place: AnchorPlace) -> bool:
    """Whether the e-mails with the head that the place is said to have have all come back since."""
    rows = _to_the_lead().filter(about__startswith=f"{place.size} ")
    states = set(rows.values_list("state", flat=True))
    return MessageState.BOUNCED in states and MessageState.SENT not in states


def hand_over(head: TreeHead, *, about: str, now: dt.datetime) -> None:
    """Owes an e-mail with this head to each of ANCHOR_MAIL_TO."""
    words = words_of(head)
    bookings.actions.tell_staff(
        kind=Kind.ANCHOR,
        about=about,
        to=settings.ANCHOR_MAIL_TO,
        subject=words.subject,
        body=words.body,
        now=now,
        useful_for=USEFUL_FOR,
    )


def words_of(head: TreeHead) -> Words:
    """The e-mail with this head, in English alone: a program reads it too."""
    return Words(
        f"Consent ledger: {head.size} entries, {head.signed_at:%Y-%m-%d}",
        WORDS.format(
            size=head.size,
            root=bytes(head.root).hex(),
            at=ledger.utc(head.signed_at),
            key=head.key_id,
            content=bytes(head.content).decode(),
            signature=ledger.signature_letters(bytes(head.signature)),
        ),
    )


def _of_this_try(newest: TreeHead, place: AnchorPlace) -> list[Message]:
    """The e-mails of this try, with a head that the place does not have yet."""
    # A place that says more than there is was not brought there by us (anchoring._owed).
    has = place.size if place.size <= newest.size else 0
    last = _to_the_lead().filter(about__endswith=f" {place.tries}").order_by("-pk").first()
    if last is None or not has < _size(last) <= newest.size:
        return []
    return list(_to_the_lead().filter(about=last.about))


def _to_the_lead() -> QuerySet[Message]:
    return Message.objects.filter(kind=Kind.ANCHOR, addressee__in=settings.ANCHOR_MAIL_TO)


def _size(message: Message) -> int:
    return int(message.about.partition(" ")[0])
