"""The e-mails that patients read: what they say (words), how it is written (pens), and the whole.

Which version of the words was sent: versions.
"""

from bookings.emails.compose import compose
from bookings.emails.versions import find, wording_hash
from bookings.emails.words import KINDS

__all__ = ["KINDS", "compose", "find", "wording_hash"]
