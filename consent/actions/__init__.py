"""Every verb of an acknowledgement: read, acknowledge, seal, step back, look, review, publish.

Arguments are keyword-only; `now` is aware and comes from the database's clock; each action is one
transaction, gives back the row, and raises a subclass of clinic.errors.Refused.
"""

from consent.actions.acknowledging import StalePage, Unticked, acknowledge, shown
from consent.actions.looking import look
from consent.actions.opening import (
    Interpreter,
    glance,
    interpreter_of,
    open_reading,
    standing_reading,
)
from consent.actions.publishing import publish, to_be_asked
from consent.actions.reading import (
    NoRisksListed,
    Progress,
    is_asked_again,
    kept_value,
    progress_of,
)
from consent.actions.reviewing import review
from consent.actions.sealing import seal, seal_again
from consent.actions.statements import declaration_for, declaration_of, statement_for
from consent.actions.stepping_back import decline, has_declined, withdraw, withdrawal_of
from consent.actions.wishing import want_to_talk
from consent.actions.wording import (
    preview_of,
    review_wording,
    send_back,
    start_list,
    submit_for_review,
)

__all__ = [
    "Interpreter",
    "NoRisksListed",
    "Progress",
    "StalePage",
    "Unticked",
    "acknowledge",
    "declaration_for",
    "declaration_of",
    "decline",
    "glance",
    "has_declined",
    "interpreter_of",
    "is_asked_again",
    "kept_value",
    "look",
    "open_reading",
    "preview_of",
    "progress_of",
    "publish",
    "review",
    "review_wording",
    "seal",
    "seal_again",
    "send_back",
    "shown",
    "standing_reading",
    "start_list",
    "statement_for",
    "submit_for_review",
    "to_be_asked",
    "want_to_talk",
    "withdraw",
    "withdrawal_of",
]
