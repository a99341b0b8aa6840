"""The desk's rooms of this app: the consultations of the day, and when the clinic is open.

columns.py  how a row's facts are printed     people.py   who somebody is, and how to reach them
finding.py  days, filters, chips, search
forms.py    what staff type                   verbs.py    every button of a consultation
asking.py   the form behind a button          inlines.py  e-mails and sessions of a consultation
feed.py     a dermatologist's calendar feed  samples.py  all e-mails, to look at
consultations.py and phone.py put them together.
hours.py    dermatologists and their hours    seasons.py  days with hours of their own
openings.py stretches that are typed          closing.py  closures, and what is booked in them
messages.py the e-mails that need somebody; finding_messages.py finds them, mails.py prints them
at_once.py  buttons in the rows of a list
versions.py words from a draft to their publication (version_room.py, version_forms.py)
plans.py    aftercare, version by version      plan_words.py: its e-mails, and what differs
why_not.py  why is this time not offered?     wall_clock.py  which moment a typed time means
"""

from bookings.admin.closing import ClosureAdmin
from bookings.admin.consultations import ConsultationAdmin
from bookings.admin.feed import cards as feed_cards
from bookings.admin.finding import cards
from bookings.admin.finding_messages import cards as message_cards
from bookings.admin.hours import DermatologistAdmin
from bookings.admin.messages import MessageAdmin
from bookings.admin.messages_banner import banners
from bookings.admin.openings import OpeningAdmin
from bookings.admin.plans import AftercarePlanAdmin
from bookings.admin.samples import cards as sample_cards
from bookings.admin.seasons import SeasonAdmin

__all__ = [
    "AftercarePlanAdmin",
    "ClosureAdmin",
    "ConsultationAdmin",
    "DermatologistAdmin",
    "MessageAdmin",
    "OpeningAdmin",
    "SeasonAdmin",
    "banners",
    "cards",
    "feed_cards",
    "message_cards",
    "sample_cards",
]
