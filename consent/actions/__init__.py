"""Every verb of an acknowledgement: read, acknowledge, seal, look, review, publish.

Arguments are keyword-only; `now` is aware and comes from the database's clock; each action is one
transaction, gives back the row, and raises a subclass of clinic.errors.Refused.
"""

from consent.actions.acknowledging import StalePage, Unticked, acknowledge, shown
from consent.actions.looking import look
from consent.actions.publishing import publish, to_be_asked
from consent.actions.reading import NoRisksListed, Progress, open_reading, progress_of
from consent.actions.reviewing import review
from consent.actions.sealing import declaration_for, seal
from consent.actions.wording import (
    preview_of,
    review_wording,
    send_back,
    start_list,
    submit_for_review,
)

__all__ = [
    "NoRisksListed",
    "Progress",
    "StalePage",
    "Unticked",
    "acknowledge",
    "declaration_for",
    "look",
    "open_reading",
    "preview_of",
    "progress_of",
    "publish",
    "review",
    "review_wording",
    "seal",
    "send_back",
    "shown",
    "start_list",
    "submit_for_review",
    "to_be_asked",
]
