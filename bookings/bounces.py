"""What an e-mail says that came to the bounce address: did one of ours fail for good, is it late, or nothing.

Only a delivery report in the form for machines counts (RFC 3464, in a multipart/report of RFC 6522);
what people or their machines write in an answer (RFC 3834) is never read. Which e-mail it is about is
told by the address that it came to alone (links.bounce_address), not by what stands in it.
"""

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message as Part
from email.utils import getaddresses
from typing import Any

from bookings import links

LARGEST = (
    512 * 1024
)  # bytes that are looked at: what fails is told before the e-mail that it brings back
SENT_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To")
LINES_AT_MOST, LONGEST_LINE = 20, 2_000
ACTION = re.compile(r"\s*([a-z]+)", re.IGNORECASE)
FAILED_WITH = re.compile(
    r"\s*([45]\.\d{1,3}\.\d{1,3})(?!\d)"
)  # RFC 3463; 4 as well: tried for days
IN_UTF8 = "message/global-delivery-status"  # RFC 6533
DELIVERY = ("message/delivery-status", IN_UTF8)
EMPTY_LINES = re.compile(r"\r?\n\r?\n")
MACHINES = ("bulk", "junk", "list", "auto_reply")


class Says(enum.Enum):
    """What it says of one e-mail of ours."""

    FAILED = "failed"
    NOT_YET = "not yet"  # it is tried again, by whoever has it
    ARRIVED = "arrived"  # or was handed on
    NOTHING = "nothing"  # an answer of a machine
    NOT_UNDERSTOOD = "not understood"


ACTIONS = {
    "failed": Says.FAILED,
    "delayed": Says.NOT_YET,
    "delivered": Says.ARRIVED,
    "relayed": Says.ARRIVED,
    "expanded": Says.ARRIVED,
}


@dataclass(frozen=True)
class Report:
    """What an e-mail says, of which message of ours, and the status code if that failed."""

    says: Says
    message: int | None = None
    status: str = ""


NOT_UNDERSTOOD = Report(Says.NOT_UNDERSTOOD)


def read(raw: bytes, *, sent_to: str = "") -> Report:
    """What an e-mail says, whatever it is: broken, huge, forged or somebody else's.

    `sent_to`: the address that it came to, where the mail server says so; else its own lines do.
    """
    try:
        email = message_from_bytes(raw[:LARGEST])
        about = _about([sent_to] if sent_to else _lines(email, SENT_TO))
        if about is None:
            return NOT_UNDERSTOOD
        says, status = _says(email)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError):
        return NOT_UNDERSTOOD  # what Python's parser raises of hostile e-mails
    return Report(says, about, status)


def _about(addresses: Iterable[str]) -> int | None:
    """The one message whose bounces go to these addresses."""
    each = (address for _name, address in getaddresses(list(addresses)))
    found = {number for address in each if (number := links.find_bounced(address))}
    return found.pop() if len(found) == 1 else None


def _says(email: Part) -> tuple[Says, str]:
    parts = _parts(email) if email.get_content_type() == "multipart/report" else []
    for part in parts:
        if part.get_content_type() in DELIVERY:
            return _of_the_addressees(part)
    return (Says.NOTHING if parts or _is_from_a_machine(email) else Says.NOT_UNDERSTOOD), ""


def _of_the_addressees(part: Part) -> tuple[Says, str]:
    """Ours have one addressee, whose mailbox may hand on to others: one that arrived is enough."""
    found: dict[Says, str] = {}
    for block in _blocks(part):
        action = ACTION.match(str(block.get("Action", "")))
        status = FAILED_WITH.match(str(block.get("Status", "")))
        if action and (says := ACTIONS.get(action[1].lower())):
            found[says] = found.get(says) or (status[1] if status else "")
    for says in (Says.ARRIVED, Says.FAILED, Says.NOT_YET):
        if says in found:
            return says, found[says] if says is Says.FAILED else ""
    return Says.NOT_UNDERSTOOD, ""


def _is_from_a_machine(email: Part) -> bool:
    """An out-of-office note, a receipt of reading, or the like (RFC 3834 section 5)."""
    if any(line.strip().lower() != "no" for line in _lines(email, ["Auto-Submitted"])):
        return True
    if _lines(email, ["X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress"]):
        return True
    return any(line.strip().lower() in MACHINES for line in _lines(email, ["Precedence"]))


def _blocks(part: Part) -> list[Part]:
    """What it says of the e-mail, and of each addressee; Python's parser knows the older form alone."""
    blocks = _parts(part)
    if part.get_content_type() == IN_UTF8 and blocks:
        rest = EMPTY_LINES.split(str(blocks[0].get_payload()))
        blocks += [message_from_string(lines.lstrip()) for lines in rest[:LINES_AT_MOST]]
    return blocks


def _parts(email: Part) -> list[Part]:
    parts: Any = email.get_payload()
    return parts if isinstance(parts, list) else []


def _lines(email: Part, names: Iterable[str]) -> list[str]:
    lines = [str(line) for name in names for line in email.get_all(name, [])[:LINES_AT_MOST]]
    return [line[:LONGEST_LINE] for line in lines]
