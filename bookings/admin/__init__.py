"""The desk's rooms of this app: the consultations of the day, dermatologists' hours, closures.

columns.py  how a row's facts are printed     finding.py  days, filters, chips, search
forms.py    what staff type                   verbs.py    every button of a consultation
asking.py   the form behind a button          inlines.py  e-mails and sessions of a consultation
feed.py     a dermatologist's calendar feed
consultations.py, phone.py and hours.py put them together.
"""

from bookings.admin.consultations import ConsultationAdmin
from bookings.admin.feed import cards as feed_cards
from bookings.admin.finding import cards
from bookings.admin.hours import ClosureAdmin, DermatologistAdmin

__all__ = ["ClosureAdmin", "ConsultationAdmin", "DermatologistAdmin", "cards", "feed_cards"]
