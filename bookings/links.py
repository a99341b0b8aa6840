"""Links and codes of patients, and of dermatologists' calendar feeds: derived from the server's key.

None is stored. Each is an HMAC-SHA-256 (RFC 2104) over its purpose, whose it is, and a serial. Another
serial ends every older one.
"""

import base64
import datetime as dt
import enum
import hashlib
import hmac
import re
from email.utils import parseaddr

from django.conf import settings

from bookings.models import REFERENCE_LETTERS, Consultation
from clinic.models import Dermatologist

CODE_HOLDS = dt.timedelta(minutes=10)
CODE_TRIES = 5
LINK_TRIES = 5
OF_A_BOUNCE = re.compile(r"([1-9]\d{0,17})\.([a-z2-7]{16})")


class Purpose(enum.StrEnum):
    """What a token opens; a token for one purpose is worth nothing for another."""

    CODE = "code"  # the six digits
    PROVE = "prove"  # the link beside the code: proves the address
    PAGE = "page"  # the patient's own page, from any e-mail
    ROAD = "road"  # the unfinished request of the device that began it (the API's bearer token)
    NEW_CODE = "new-code"  # the six digits for another address
    NEW_ADDRESS = "new-address"  # the link beside them
    STOP = "stop"  # stops the tips after a session (RFC 8058)


OF_NEW_ADDRESS = (Purpose.NEW_CODE, Purpose.NEW_ADDRESS)


def _serial(consultation: Consultation, purpose: Purpose) -> int:
    if purpose in (Purpose.CODE, Purpose.PROVE, *OF_NEW_ADDRESS):
        return consultation.code_serial
    return consultation.link_serial if purpose is Purpose.PAGE else 0


def _mac(consultation: Consultation, purpose: Purpose) -> bytes:
    words = f"{purpose}:{consultation.reference}:{_serial(consultation, purpose)}"
    return _hmac(words + _address(consultation, purpose))


def _address(consultation: Consultation, purpose: Purpose) -> str:
    """The address that a token is bound to: sent to one address, it is worth nothing for another.

    A new address is still the same once it has been proven, so that a second press does no harm.
    """
    if purpose in OF_NEW_ADDRESS:
        return f":{consultation.new_email or consultation.email}"
    return f":{consultation.email}" if purpose is Purpose.STOP else ""


def _hmac(words: str) -> bytes:
    return hmac.new(settings.LINK_KEY.encode(), words.encode(), hashlib.sha256).digest()


def _in_an_address(mac: bytes) -> str:
    """192 bits of it, in characters that need no escaping in an address."""
    return base64.urlsafe_b64encode(mac[:24]).decode()


def code(consultation: Consultation, purpose: Purpose = Purpose.CODE) -> str:
    """The six digits that prove the address, or the new one (NEW_CODE), for the present serial."""
    number = int.from_bytes(_mac(consultation, purpose)[:8], "big")
    return f"{number % 1_000_000:06d}"


def token(consultation: Consultation, purpose: Purpose) -> str:
    """The reference and 192 bits of HMAC."""
    return f"{consultation.reference}.{_in_an_address(_mac(consultation, purpose))}"


def find(token_given: str, purpose: Purpose, *, erased: bool = False) -> Consultation | None:
    """The consultation that a token stands for, or None: unknown, ended and foreign look alike.

    An erased one only for who asks for those, and for nothing else.
    """
    reference = token_given.partition(".")[0]
    if len(reference) != 8 or not set(reference) <= set(REFERENCE_LETTERS):
        return None
    among = Consultation.objects.filter(reference=reference, erased_at__isnull=not erased)
    consultation = among.for_desk().first()
    if consultation is None or not token_given.isascii():
        return None
    if not hmac.compare_digest(token_given, token(consultation, purpose)):
        return None
    return consultation


def code_matches(
    consultation: Consultation, code_given: str, purpose: Purpose = Purpose.CODE
) -> bool:
    """Whether these are the six digits, in constant time."""
    return code_given.isascii() and hmac.compare_digest(code_given, code(consultation, purpose))


def code_has_run_out(consultation: Consultation, *, now: dt.datetime) -> bool:
    """Whether the code is past its ten minutes, or was never asked for."""
    issued = consultation.code_issued_at
    return issued is None or now >= issued + CODE_HOLDS


# --- A dermatologist's calendar feed ---------------------------------------------------------------


def feed_token(dermatologist: Dermatologist) -> str:
    """The dermatologist's number and 192 bits of HMAC over it and the feed's serial."""
    words = f"feed:{dermatologist.pk}:{dermatologist.feed_serial}"
    return f"{dermatologist.pk}.{_in_an_address(_hmac(words))}"


def find_feed(token_given: str) -> Dermatologist | None:
    """Whose feed a token opens, or None: unknown, ended and foreign look alike."""
    number = token_given.partition(".")[0]
    if not token_given.isascii() or not number.isdigit() or len(number) > 18:
        return None
    with_feed = Dermatologist.objects.filter(feed_serial__gt=0).select_related("user")
    dermatologist = with_feed.filter(pk=int(number)).first()
    if dermatologist is None:
        return None
    if not hmac.compare_digest(token_given, feed_token(dermatologist)):
        return None
    return dermatologist


# --- Where a bounce goes ---------------------------------------------------------------------------


def bounce_address(message_pk: int) -> str:
    """The envelope's sender of one e-mail: what cannot be delivered comes back to it (VERP).

    Its number and 80 bits of HMAC, in letters that may be written small or large on the way. Who gets
    an e-mail learns its address, and could send a bounce of that one; of no other.
    """
    mailbox, _at, domain = settings.BOUNCE_ADDRESS.rpartition("@")
    return f"{mailbox}+{message_pk}.{_small(message_pk)}@{domain}"


def find_bounced(address_given: str) -> int | None:
    """The number of the e-mail whose bounce goes to an address, or None: strange and forged look alike."""
    address = parseaddr(address_given)[1].lower()
    mailbox, _at, domain = settings.BOUNCE_ADDRESS.lower().rpartition("@")
    local, _at, at = address.rpartition("@")
    if at != domain or not local.startswith(f"{mailbox}+"):
        return None
    found = OF_A_BOUNCE.fullmatch(local.removeprefix(f"{mailbox}+"))
    if found is None or not hmac.compare_digest(found[2], _small(int(found[1]))):
        return None
    return int(found[1])


def _small(message_pk: int) -> str:
    return base64.b32encode(_hmac(f"bounce:{message_pk}")[:10]).decode().lower()
