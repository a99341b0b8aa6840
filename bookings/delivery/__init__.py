"""How due e-mails are sent safely: each is taken by the mail relay at least once, or staff see why not.

claims.py   whose an e-mail is just now: lease, fence, the mark before the last dot, how it ended
line.py     the line to the mail relay
mail_service.py  a service with an API in the relay's place
answers.py  what became of an e-mail that was not taken
relay.py    when to leave the whole relay alone, and how many may speak to it at once
rounds.py   one sender's round over what is due

Many senders may run. Each claims a few rows under a lease by the database's clock, and each claim
raises the row's lease number: whoever no longer holds the number neither hands over nor stamps. No
transaction is open while the relay is spoken to. Just before the dot that ends an e-mail (RFC 5321
section 4.1.1.4) one short transaction looks again whether it is still owed, while nobody can cancel, and
marks it. Who dies before that mark has sent nothing. Who dies after it leaves an e-mail of which nobody
knows whether it arrived: it is sent once more with the same Message-ID, and never a third time.
"""

from bookings.delivery.claims import ADDRESS_REFUSED, NOBODY_KNOWS, NOT_WRITTEN
from bookings.delivery.line import NO_ANSWER, NOT_NOW, REFUSED
from bookings.delivery.rounds import send_due

__all__ = [
    "ADDRESS_REFUSED",
    "NOBODY_KNOWS",
    "NOT_NOW",
    "NOT_WRITTEN",
    "NO_ANSWER",
    "REFUSED",
    "send_due",
]
