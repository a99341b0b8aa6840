"""An e-mail as it goes over the line."""

import io
import secrets
from email.generator import BytesGenerator
from email.policy import Compat32
from typing import Any

from django.core.mail import EmailMessage

SHORT = (
    70  # letters of a header that need no second line (RFC 5322 section 2.1.1: 78, with its name)
)


class _ShortHeadersAsTheyAre(Compat32):
    """Python looks through each header for places to break it, also where there is nothing to break."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        if isinstance(value, str) and len(name) + len(value) <= SHORT and value.isprintable():
            if value.isascii():
                return f"{name}: {value}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


POLICY = _ShortHeadersAsTheyAre(linesep="\r\n", mangle_from_=False)


def as_bytes(email: EmailMessage) -> bytes:
    """As Django writes it, and faster.

    For a boundary Python would look through all of the e-mail, each time, whether it is in it.
    """
    message: Any = email.message()
    for part in message.walk():
        if part.is_multipart():
            part.set_boundary(f"=_{secrets.token_hex(16)}")
    whole = io.BytesIO()
    BytesGenerator(whole, policy=POLICY).flatten(message)
    return whole.getvalue()
