"""Every verb of an acknowledgement: read, acknowledge, seal, step back, look, review, publish, erase.

Arguments are keyword-only; `now` is aware and comes from the database's clock; each action is one
transaction, gives back the row, and raises a subclass of clinic.errors.Refused.
"""

from consent.actions.acknowledging import StalePage, Unticked, acknowledge, shown
from consent.actions.answering import (
    ask_for_erasure,
    grant_erasure,
    refuse_erasure,
    usual_refusal,
    words_of_the_grant,
)
from consent.actions.erasing import (
    Basis,
    day_in_words,
    erase,
    erase_due,
    lies_ahead,
    refuse_unless_erasable,
)
from consent.actions.legal_holds import lift_hold, place_hold
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
    "Basis",
    "Interpreter",
    "NoRisksListed",
    "Progress",
    "StalePage",
    "Unticked",
    "acknowledge",
    "ask_for_erasure",
    "day_in_words",
    "declaration_for",
    "declaration_of",
    "decline",
    "erase",
    "erase_due",
    "glance",
    "grant_erasure",
    "has_declined",
    "interpreter_of",
    "is_asked_again",
    "kept_value",
    "lies_ahead",
    "lift_hold",
    "look",
    "open_reading",
    "place_hold",
    "preview_of",
    "progress_of",
    "publish",
    "refuse_erasure",
    "refuse_unless_erasable",
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
    "usual_refusal",
    "want_to_talk",
    "withdraw",
    "withdrawal_of",
    "words_of_the_grant",
]
