"""The evidence box: who read, how the address was proven, from where, and where the record is kept."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings.admin import columns
from bookings.models import Proof
from clinic.admin import comma
from consent import ledger
from consent.actions import heads
from consent.admin.papers import Papers
from consent.keyring import trusted_keys
from consent.models import LedgerEntry, Outcome, Verification
from consent.templatetags.exact_times import exactly
from consent.verifying import runs

LOOKED_AT = 30  # of the newest verifications, whether the clinic signed them
SEALED_WITHIN = dt.timedelta(minutes=1)  # an entry is in the tree by then
VALUES = {
    "patient_name": _("Patient"),
    "guardian_name": _("Guardian"),
    "interpreter_name": _("Interpreter"),
    "interpreter_language": _("Language of the interpreter"),
    "birth_date": _("Date of birth"),
    "email": _("E-mail"),
    "mobile": _("Mobile"),
    "zone": _("Time zone"),
    "proven_note": _("Who saw the person, and why"),
    "ip": _("IP address"),
    "user_agent": _("Browser"),
}
# Why a value is missing (consent.actions.reading); a code that is not here is shown as it is.
REASONS = {
    "acts_for_themselves": _("none: the patient acts for themselves"),
    "has_none": _("none: the patient has none"),
    "proven_by_the_address": _("none: the address itself was proven"),
    "no_interpreter": _("none: nobody read it out"),
    "not_known": _("not known"),
    "not_told": _("the browser did not tell it"),
    "not_sent": _("the browser did not send it"),
    "not_readable": _("what the browser sent could not be read"),
    "not_an_address": _("what was sent is no address"),
    "behind_unknown_proxy": _("hidden by a proxy that we do not know"),
}
VERIFIED = {Outcome.SOUND: ("✓", "good"), Outcome.LATE: ("!", "waiting")}


@dataclass(frozen=True)
class Value:
    """One value that the reading was made with, its commitment, or the reason why it is missing."""

    label: Any
    words: str  # what stands there, or "" with a reason
    reason: str
    commitment: str
    is_gone: bool = False  # without an erasure: somebody took it away


def grouped(letters: str) -> list[str]:
    """A long hash in groups of eight, so that two can be compared by eye."""
    return [letters[at : at + 8] for at in range(0, len(letters), 8)]


def values_in(papers: Papers) -> list[Value]:
    """Every value of the reading, in the order of VALUES; nothing is blank without a reason."""
    reading = papers.record.reading
    known = [*VALUES, *sorted({*reading.commitments, *reading.absent} - set(VALUES))]
    return [
        _value(papers, field)
        for field in known
        if field in reading.commitments or field in reading.absent
    ]


def _value(papers: Papers, field: str) -> Value:
    reading, label = papers.record.reading, VALUES.get(field, field)
    commitment = reading.commitments.get(field, "")
    if not commitment:
        code = reading.absent[field]
        return Value(label, "", str(REASONS.get(code, code)), "")
    if commitment in papers.kept:
        return Value(label, papers.words(commitment), "", commitment)
    if papers.erasure:
        return Value(label, "", gettext("erased"), commitment)
    return Value(label, "", gettext("gone, and no erasure says why"), commitment, is_gone=True)


def proof_in(papers: Papers) -> str:
    """How and when the address was proven, as it was sealed."""
    by, at = papers.says.get("address_proven_by"), papers.says.get("address_proven_at")
    if not at:
        return gettext("not proven yet")
    how = Proof(by).label if by in Proof.values else str(by)
    return format_html("{}{}{}", how, comma(), exactly(dt.datetime.fromisoformat(at)))


def place_in_the_tree(entry: LedgerEntry, *, now: dt.datetime) -> str:
    """Where the entry stands in the signed tree, or for how long it has been waiting."""
    head = heads.newest()
    leaf = getattr(entry, "leaf", None)
    if leaf is not None and head is not None and leaf.index < head.size:
        words = gettext("entry %(number)s of %(size)s in the signed tree") % {
            "number": leaf.index + 1,
            "size": head.size,
        }
        return format_html("{} {}", columns.badge("✓", words, "good"), exactly(head.signed_at))
    if now - entry.written_at <= SEALED_WITHIN:
        return columns.badge("…", gettext("not in the tree yet: less than a minute old"), "waiting")
    return columns.badge("!", gettext("not in the tree, though more than a minute old"), "bad")


def last_verified(entry: LedgerEntry) -> str:
    """What the last verification of ours found, and whether it looked at this entry."""
    trusted = trusted_keys()
    runs_of_late = Verification.objects.all()[:LOOKED_AT]  # the newest
    last = next((run for run in runs_of_late if runs.is_ours(run, trusted)), None)
    if last is None:
        return gettext("never yet")
    leaf = getattr(entry, "leaf", None)
    sign, look = VERIFIED.get(Outcome(last.outcome), ("✕", "bad"))
    was_there = leaf is not None and leaf.index < last.size
    about = gettext("this record too") if was_there else gettext("before it was in the tree")
    badge = columns.badge(sign, Outcome(last.outcome).label, look)
    return format_html("{} {} ({})", badge, exactly(last.finished_at), about)


def receipt_in(papers: Papers, *, now: dt.datetime) -> dict[str, Any]:
    """The record's receipt, and what became of its entry."""
    entry = papers.entry
    return {
        "hash": grouped(entry.entry_hash),
        "signature": grouped(ledger.signature_letters(bytes(entry.signature))),
        "key": grouped(entry.key_id),
        "tree": place_in_the_tree(entry, now=now),
        "verified": last_verified(entry),
    }
