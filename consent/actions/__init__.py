"""Every verb of an acknowledgement: read, acknowledge, seal, review, publish.

Arguments are keyword-only; `now` is aware and comes from the database's clock; each action is one
transaction, gives back the row, and raises a subclass of clinic.errors.Refused.
"""

from consent.actions.acknowledging import StalePage, Unticked, acknowledge, shown
from consent.actions.reading import NoRisksListed, Progress, open_reading, progress_of
from consent.actions.reviewing import review
from consent.actions.sealing import declaration_for, seal
from consent.actions.wording import publish, start_list, submit_for_review

__all__ = [
    "NoRisksListed",
    "Progress",
    "StalePage",
    "Unticked",
    "acknowledge",
    "declaration_for",
    "open_reading",
    "progress_of",
    "publish",
    "review",
    "seal",
    "shown",
    "start_list",
    "submit_for_review",
]
