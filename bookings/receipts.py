"""A patient's receipt: the hash of what is kept, its signature, and the key's fingerprint.

It catches what nothing else does: that a record was deleted before it was in the ledger's tree.
"""

import base64
import binascii
import io
import re
from dataclasses import dataclass

import segno
from django.conf import settings
from django.urls import reverse

HASH, SIGNATURE = 32, 64  # bytes
LETTERS = 171  # of a receipt's code: 32 + 64 + 32 bytes in base64url, without padding
LETTER = "[-_0-9A-Za-z]"
# The last letter's two bits to spare are 0 (RFC 4648 section 3.5), so that a receipt has one code.
PATTERN = rf"{LETTER}{{{LETTERS - 1}}}[AEIMQUYcgkosw048]"
# In an e-mail's source (quoted-printable, RFC 2045 section 6.7) the sign before it is "=3D", and lines end
# with "=" in the middle of it; a form's one-line field drops the line break behind that.
IN_SOURCE = PATTERN.replace(LETTER, rf"(?:{LETTER}(?:=\s*)?)", 1)
CODE = re.compile(rf"(?:=3D(?:=\s*)?|(?<!{LETTER}))({IN_SOURCE})(?!{LETTER})")
SOFT_BREAK = re.compile(r"=\s*")


@dataclass(frozen=True)
class Receipt:
    """What the patient holds. It proves that the clinic signed this entry, whatever happens to it."""

    entry_hash: str  # hex
    signature: bytes
    key_id: str  # hex

    @property
    def code(self) -> str:
        """All of it in one word of 171 letters, for the QR code and the check."""
        raw = bytes.fromhex(self.entry_hash) + self.signature + bytes.fromhex(self.key_id)
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    @property
    def url(self) -> str:
        """The public page that checks it, in the language of this page or e-mail."""
        return f"{settings.SITE_URL}{reverse('receipt')}?r={self.code}"

    @property
    def qr(self) -> segno.QRCode:
        """`url` as a QR code (ISO/IEC 18004); it can still be read with a sixth of it lost."""
        return segno.make_qr(self.url, error="m")

    @property
    def qr_png(self) -> bytes:
        """The QR code as a picture, dark on white whatever is behind it."""
        picture = io.BytesIO()
        self.qr.save(picture, kind="png", scale=4, border=4)
        return picture.getvalue()

    @property
    def qr_svg(self) -> str:
        """The QR code as a drawing for a page or a document."""
        return self.qr.svg_inline(omitsize=True, light="#fff", border=4, svgclass="", lineclass="")

    @classmethod
    def read(cls, code: str) -> "Receipt | None":
        """The receipt that a code says, or None where it is not one, or not as `code` writes it."""
        if not re.fullmatch(PATTERN, code):
            return None
        raw = base64.urlsafe_b64decode(code + "=" * (-len(code) % 4))
        signature = raw[HASH : HASH + SIGNATURE]
        return cls(raw[:HASH].hex(), signature, raw[HASH + SIGNATURE :].hex())


def receipts_in(text: str) -> list[Receipt]:
    """Every receipt whose code stands somewhere in a text, such as an e-mail or its source."""
    found = (Receipt.read(SOFT_BREAK.sub("", match[1])) for match in CODE.finditer(text))
    return [receipt for receipt in found if receipt is not None]


def signature_letters(signature: bytes) -> str:
    """A signature in base64url without padding: 86 letters."""
    return base64.urlsafe_b64encode(signature).rstrip(b"=").decode()


def signature_from(letters: str) -> bytes:
    """The 64 bytes of such letters, or b"" where they are not a signature."""
    try:
        raw = base64.urlsafe_b64decode(letters + "=" * (-len(letters) % 4))
    except (binascii.Error, ValueError):
        return b""
    return raw if len(raw) == SIGNATURE else b""


def in_groups(letters: str) -> str:
    """A hash or signature in groups of eight, so that two can be compared and a line can break."""
    return " ".join(letters[at : at + 8] for at in range(0, len(letters), 8))
