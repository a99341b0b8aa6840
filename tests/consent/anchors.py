"""The heads that are kept outside the database, as tests look at them: what is kept, and what is told."""

import datetime as dt
import json
from pathlib import Path

from consent import ledger
from consent.actions import anchoring, growing
from consent.actions.anchoring import anchor_file
from consent.models import AnchorPlace, TreeHead
from tests import make
from tests.consent.entries import entered, head

NOW = make.NOW
SECONDS, MINUTE, HOUR = dt.timedelta(seconds=1), dt.timedelta(minutes=1), dt.timedelta(hours=1)
PUBLIC = ledger.keys.public_bytes(ledger.keys.signing_key())


def grown(*, now: dt.datetime = NOW) -> TreeHead:
    """A new head, of one more entry."""
    entered(now=now)
    growing.grow(now=now)
    return head()


def kept(file: Path) -> list[int]:
    """The sizes of the heads in the file, in its order; each must be signed."""
    found = []
    for line in anchor_file.read(file):
        assert line is not None
        assert ledger.is_signed_by(PUBLIC, line.signature, line.content)
        found.append(json.loads(line.content)["size"])
    return found


def place(name: str) -> AnchorPlace:
    return AnchorPlace.objects.get(place=name)


def told(*, now: dt.datetime) -> list[str]:
    return [alarm.place for alarm in anchoring.alarms(now=now)]
