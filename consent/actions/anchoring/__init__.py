"""Anchoring: what makes a rebuilt tree seen is that its older heads are kept outside the database.

A place that fails is tried again, later and later, and the desk is told; nobody else waits for it. No
transaction is open meanwhile: a worker claims a place for LEASE, and gives it back with how it went.
"""

import datetime as dt
import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bookings.actions.bounces import CAME_BACK
from consent.actions import heads
from consent.actions.anchoring import anchor_file, anchor_mail
from consent.actions.anchoring.time_stamps import NotStamped, stamped
from consent.actions.growing import unaccounted_since, unsealed
from consent.models import AnchorPlace, Place, TreeHead

logger = logging.getLogger(__name__)

LEASE = dt.timedelta(minutes=2)  # of a worker that was killed with a place in its hands
AT_ONCE = 1_000  # lines
WAIT, LONGEST_WAIT = dt.timedelta(minutes=1), dt.timedelta(hours=1)
LONGEST_TO_WAIT = dt.timedelta(days=2)
SEALED_WITHIN = dt.timedelta(minutes=2)
KEPT = ["size", "anchored_at", "tries", "failing_since", "next_try_at", "trouble"]


@dataclass(frozen=True)
class Anchor:
    """One kind of place: whether the clinic has it, how often it is used, and when it is late.

    `put` brings heads to it and gives the newest that is kept there now, or None while that is not
    known; then it is asked again.
    """

    place: Place
    is_used: Callable[[], bool]
    put: Callable[[list[TreeHead], AnchorPlace, dt.datetime], TreeHead | None]
    every: dt.timedelta
    late_after: dt.timedelta
    takes_all: bool  # every head, or only the newest
    fails: Promise
    is_late: Promise


@dataclass(frozen=True)
class Alarm:
    """Something that the clinic must look after: where, since when (UTC), in words, and the trouble."""

    place: str
    since: dt.datetime
    sentence: str
    trouble: str = ""


def _to_the_file(heads: list[TreeHead], place: AnchorPlace, now: dt.datetime) -> TreeHead:
    anchor_file.append(Path(settings.ANCHOR_FILE), heads, now=now)
    return heads[-1]


def _to_the_lead(heads: list[TreeHead], place: AnchorPlace, now: dt.datetime) -> TreeHead | None:
    return anchor_mail.kept(heads[-1], place, now=now)


def _to_the_authority(heads: list[TreeHead], place: AnchorPlace, now: dt.datetime) -> TreeHead:
    if not settings.ANCHOR_FILE:
        raise NotStamped("there is no ANCHOR_FILE to keep its word in")
    head, certificate = heads[-1], settings.ANCHOR_TSA_CERTIFICATE
    token = stamped(
        bytes(head.content),
        url=settings.ANCHOR_TSA_URL,
        certificate=Path(certificate) if certificate else None,
        now=now,
    )
    anchor_file.append(Path(settings.ANCHOR_FILE), [head], now=now, token=token)
    return head


ANCHORS = (
    Anchor(
        Place.FILE,
        lambda: bool(settings.ANCHOR_FILE),
        _to_the_file,
        every=dt.timedelta(),
        late_after=dt.timedelta(minutes=10),
        takes_all=True,
        fails=_("The ledger's seals cannot be written to their file."),
        is_late=_("The ledger's newest seals are not in their file yet."),
    ),
    Anchor(
        Place.TSA,
        lambda: bool(settings.ANCHOR_TSA_URL),
        _to_the_authority,
        every=dt.timedelta(hours=1),
        late_after=dt.timedelta(hours=2),
        takes_all=False,
        fails=_("The time-stamping service does not stamp the ledger's seals."),
        is_late=_("The ledger's newest seals have no time stamp yet."),
    ),
    Anchor(
        Place.MAIL,
        lambda: bool(settings.ANCHOR_MAIL_TO),
        _to_the_lead,
        every=dt.timedelta(days=1),
        late_after=dt.timedelta(hours=26),
        takes_all=False,
        fails=_("The daily e-mail with the ledger's seal cannot be sent."),
        is_late=_("The daily e-mail with the ledger's seal was not sent."),
    ),
)
NOT_SEALED = _(
    "New records are waiting to be sealed. The program that seals them may have stopped."
)
NOT_OURS = _(
    "The ledger's tree has rows that the clinic did not seal. New records may stay unsealed until they "
    "are taken away."
)
AHEAD = _("The list of kept seals names a seal that does not exist. Somebody has changed it.")


def anchor(*, now: dt.datetime) -> int:
    """Bring each place that the clinic uses up to date; gives how many heads were kept."""
    return sum(_bring_up_to_date(each, now=now) for each in ANCHORS if each.is_used())


def alarms(*, now: dt.datetime) -> list[Alarm]:
    """What the desk must be told at `now`: places that fail or are late, and what is left unsealed."""
    rows = {row.place: row for row in AnchorPlace.objects.all()}
    found = [
        alarm
        for each in ANCHORS
        if each.is_used() and (alarm := _alarm(each, rows.get(each.place), now=now))
    ]
    if since := unaccounted_since(until=now - SEALED_WITHIN):
        found.append(Alarm("tree", since, str(NOT_OURS)))
    waiting = unsealed(whole=False).only("recorded_at").first()
    if waiting and waiting.recorded_at < now - SEALED_WITHIN:
        found.append(Alarm("tree", waiting.recorded_at, str(NOT_SEALED)))
    return found


def _alarm(each: Anchor, row: AnchorPlace | None, *, now: dt.datetime) -> Alarm | None:
    if row and row.failing_since:
        return Alarm(each.place, row.failing_since, str(each.fails), row.trouble)
    newest, size = heads.newest(), row.size if row else 0
    if row and size > (newest.size if newest else 0):
        return Alarm(each.place, row.anchored_at or now, str(AHEAD))
    if row and each.place == Place.MAIL and anchor_mail.came_back(row):
        return Alarm(each.place, row.anchored_at or now, str(each.fails), str(_(CAME_BACK)))
    oldest = next(heads.larger_than(size), None)
    if oldest and oldest.signed_at < now - each.late_after:
        return Alarm(each.place, oldest.signed_at, str(each.is_late))
    return None


def _bring_up_to_date(each: Anchor, *, now: dt.datetime) -> int:
    row, _made = AnchorPlace.objects.get_or_create(place=each.place)
    heads = _owed(each, row)
    if not heads or not _is_ours(row, now=now):
        return 0
    kept = 0
    try:
        while heads:
            newest = each.put(heads, row, now)
            if newest is None:
                row.next_try_at = now + WAIT
                break
            kept += len(heads)
            _note_success(row, newest, each, now=now)
            heads = _owed(each, row) if each.takes_all else []
    except Exception as error:  # of this place; the others, and the patients, go on
        _note_failure(row, error, now=now)
    row.save(update_fields=KEPT)
    return kept


def _owed(each: Anchor, row: AnchorPlace) -> list[TreeHead]:
    """The heads that count and that the place does not have, the smallest first.

    A place that has come further than there are heads was not brought there by us: it begins again.
    """
    newest = heads.newest()
    if newest is None:
        return []
    if row.size > newest.size:
        logger.error("anchor %s says %d of %d entries", row.place, row.size, newest.size)
        return [newest]
    if each.takes_all:
        return list(itertools.islice(heads.larger_than(row.size), AT_ONCE))
    return [newest] if newest.size > row.size else []


def _is_ours(row: AnchorPlace, *, now: dt.datetime) -> bool:
    """Claims the place for LEASE; not while it waits for its next try, or another worker has it."""
    longer = now + LONGEST_TO_WAIT  # than anybody of ours would
    is_due = Q(next_try_at=None) | Q(next_try_at__lte=now) | Q(next_try_at__gt=longer)
    due = AnchorPlace.objects.filter(is_due, pk=row.pk)
    return due.update(next_try_at=now + LEASE) == 1


def _note_success(row: AnchorPlace, head: TreeHead, each: Anchor, *, now: dt.datetime) -> None:
    row.size, row.anchored_at, row.next_try_at = head.size, now, now + each.every
    row.tries, row.failing_since, row.trouble = 0, None, ""


def _note_failure(row: AnchorPlace, error: Exception, *, now: dt.datetime) -> None:
    row.tries += 1
    row.failing_since = row.failing_since or now
    row.trouble = _in_words(error)[:300]
    row.next_try_at = now + min(WAIT * 2 ** min(row.tries - 1, 10), LONGEST_WAIT)
    logger.error("anchor %s failed (try %d): %s", row.place, row.tries, row.trouble)


def _in_words(error: Exception) -> str:
    """What went wrong, without what a mail server repeats of an address."""
    if isinstance(error, NotStamped | anchor_mail.NotMailed):
        return str(error)
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or ""
    return f"{type(error).__name__}: {reason}" if reason else type(error).__name__
