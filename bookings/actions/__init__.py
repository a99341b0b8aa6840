"""Every verb of a booking. Pages, API, admin, commands and tasks all call these.

Arguments are keyword-only; `now` is aware and comes from the database's clock; each action is one
transaction, gives back the row, and raises a subclass of clinic.errors.Refused.
"""

from bookings.actions.addresses import (
    ask_for_new_address,
    change_address_in_person,
    find_new_address,
    keep_address,
    prove_new_address_by_code,
    prove_new_address_by_link,
    send_new_address_code,
)
from bookings.actions.asking_again import ask_again, asked_again_done
from bookings.actions.bounces import note_bounce
from bookings.actions.closing import Closed, VisitsInClosure, close, is_told
from bookings.actions.explaining import Answer, explain
from bookings.actions.feeds import end_feed, make_feed, replace_feed
from bookings.actions.holding import expire_holds, renew_hold
from bookings.actions.hours import (
    VisitsBooked,
    booked_ahead,
    named,
    refuse_to_leave_visits_outside,
)
from bookings.actions.limits import TooManyRequests
from bookings.actions.locks import NotOffered, OwnVisitThen, TimeTaken
from bookings.actions.messages import (
    mark_as_phoned,
    retry,
    retry_unwritten,
    undo_phoned,
    unwritten,
)
from bookings.actions.offers import offer_times
from bookings.actions.page_links import DataErased, LinkEnded, open_page_link
from bookings.actions.proof import (
    CodeRanOut,
    TooManyTries,
    WrongAnswer,
    WrongCode,
    check_person,
    prove_by_code,
    prove_by_link,
    prove_in_person,
    send_code,
    send_link,
)
from bookings.actions.requests import (
    Details,
    DetailsRefused,
    ask_for_other_times,
    change_details,
    choose_time,
    request,
    set_treatment,
)
from bookings.actions.rooms import give_own_room
from bookings.actions.scrubbing import Scrubbed, scrub
from bookings.actions.sessions import record_session, void_session
from bookings.actions.staff import leads, tell_of_returned, tell_staff
from bookings.actions.taking import refuse_unless_free
from bookings.actions.times import FreeTime, free_times, nearest_times
from bookings.actions.tips import find_to_stop, resume_tips, stop_tips
from bookings.actions.visits import (
    RisksMissing,
    TooLate,
    arrive,
    cancel,
    complete,
    confirm,
    lock_for_visit,
    move,
    no_show,
    note_risks,
    note_wish_to_talk,
    undo,
)

__all__ = [
    "Answer",
    "Closed",
    "CodeRanOut",
    "DataErased",
    "Details",
    "DetailsRefused",
    "FreeTime",
    "LinkEnded",
    "NotOffered",
    "OwnVisitThen",
    "RisksMissing",
    "Scrubbed",
    "TimeTaken",
    "TooLate",
    "TooManyRequests",
    "TooManyTries",
    "VisitsBooked",
    "VisitsInClosure",
    "WrongAnswer",
    "WrongCode",
    "arrive",
    "ask_again",
    "ask_for_new_address",
    "ask_for_other_times",
    "asked_again_done",
    "booked_ahead",
    "cancel",
    "change_address_in_person",
    "change_details",
    "check_person",
    "choose_time",
    "close",
    "complete",
    "confirm",
    "end_feed",
    "expire_holds",
    "explain",
    "find_new_address",
    "find_to_stop",
    "free_times",
    "give_own_room",
    "is_told",
    "leads",
    "keep_address",
    "lock_for_visit",
    "make_feed",
    "mark_as_phoned",
    "move",
    "named",
    "nearest_times",
    "no_show",
    "note_bounce",
    "note_risks",
    "note_wish_to_talk",
    "offer_times",
    "open_page_link",
    "prove_by_code",
    "prove_by_link",
    "prove_in_person",
    "prove_new_address_by_code",
    "prove_new_address_by_link",
    "record_session",
    "refuse_to_leave_visits_outside",
    "refuse_unless_free",
    "renew_hold",
    "replace_feed",
    "request",
    "resume_tips",
    "retry",
    "retry_unwritten",
    "scrub",
    "send_code",
    "send_link",
    "send_new_address_code",
    "set_treatment",
    "tell_of_returned",
    "tell_staff",
    "stop_tips",
    "undo",
    "undo_phoned",
    "unwritten",
    "void_session",
]
