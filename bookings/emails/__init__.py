"""The e-mails that patients read: what they say (words), how it is written (pens), and the whole."""

from bookings.emails.compose import compose
from bookings.emails.words import KINDS

__all__ = ["KINDS", "compose"]
