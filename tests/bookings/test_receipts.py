"""A receipt: one word of 171 letters, three parts to print, a QR code, and an e-mail that brings it."""

import base64
import io
import quopri
import string

import pytest
import zxingcpp
from PIL import Image

from bookings.models import Kind
from bookings.receipts import LETTERS, Receipt, in_groups, receipts_in, signature_letters
from tests.bookings.mails import body, of_kind, plain, read

RECEIPT = Receipt("0f" * 32, bytes(range(64)), "a1" * 32)


def test_a_receipt_is_one_word_and_reads_back_as_itself():
    assert len(RECEIPT.code) == LETTERS
    assert Receipt.read(RECEIPT.code) == RECEIPT


@pytest.mark.parametrize(
    "code", ["", "x", RECEIPT.code[:-1], RECEIPT.code + "A", RECEIPT.code[:-1] + "!", "ا" * LETTERS]
)
def test_what_is_not_a_receipt_is_none(code):
    assert Receipt.read(code) is None


@pytest.mark.parametrize("byte", [0x00, 0xA1, 0xFF])
def test_a_receipt_has_one_code_and_no_other_last_letter_is_right(byte):
    receipt = Receipt("0f" * 32, bytes(range(64)), f"{byte:02x}" * 32)
    others = set(string.ascii_letters + string.digits + "-_") - {receipt.code[-1]}
    same_bytes = 0
    for letter in others:
        code = receipt.code[:-1] + letter
        same_bytes += base64.urlsafe_b64decode(code + "=") == base64.urlsafe_b64decode(
            receipt.code + "="
        )
        read = Receipt.read(code)
        assert read is None or (read != receipt and read.code == code)
    assert same_bytes == 3  # which a reader of base64 takes for the same
    assert Receipt.read(receipt.code) == receipt


@pytest.mark.parametrize("line_break", ["\r\n", "\n", ""])
@pytest.mark.parametrize("entry_hash", ["0f" * 32, "dc3d" * 16])  # the code of one begins with 3D
def test_a_receipt_is_found_in_the_source_of_an_e_mail(line_break, entry_hash):
    receipt = Receipt(entry_hash, bytes(range(64)), "a1" * 32)
    source = quopri.encodestring(f"Check it: {receipt.url} today = now".encode()).decode()
    assert "r=3D" in source and "=\n" in source
    assert receipts_in(source.replace("\n", line_break)) == [receipt]


def test_a_code_that_begins_as_quoted_printable_does_is_read_as_it_stands():
    receipt = Receipt("dc3d" * 16, bytes(64), "a1" * 32)
    assert receipt.code.startswith("3D")
    assert receipts_in(receipt.url) == receipts_in(receipt.code) == [receipt]


def test_receipts_are_found_in_a_text_and_nothing_else_is():
    other = Receipt("1e" * 32, bytes(64), "b2" * 32)
    text = f"see <{RECEIPT.code}>,\n http://x/?r={other.code}&y=1 {'A' * 400}"
    assert receipts_in(text) == [RECEIPT, other]


def test_a_hash_stands_in_groups_of_eight():
    assert in_groups("0123456789abcdef01") == "01234567 89abcdef 01"


def test_a_phone_reads_the_qr_code_as_the_address_of_the_check():
    picture = Image.open(io.BytesIO(RECEIPT.qr_png)).convert("L")
    (found,) = zxingcpp.read_barcodes(picture)
    assert found.text == RECEIPT.url
    assert found.text.endswith(f"/receipt/?r={RECEIPT.code}")


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_confirmation_brings_the_receipt_to_print_and_to_scan(language):
    message, now = of_kind(Kind.CONFIRMED, language=language)
    mail, receipt = read(message, now), message.consultation.own_receipt
    assert receipt is not None
    for part in ("plain", "html"):
        words = plain(body(mail, part)).replace(" ", "")
        assert receipt.entry_hash in words
        assert signature_letters(receipt.signature) in words
        assert receipt.key_id in words
        assert f"receipt/?r={receipt.code}" in words
    (picture,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert picture["Content-ID"] == "<receipt>"
    assert picture.get_content_disposition() == "inline"
    assert 'src="cid:receipt"' in body(mail, "html")
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture.get_payload(decode=True))))
    assert Receipt.read(found.text.partition("?r=")[2]) == receipt
    assert ("/ar/" in found.text) == (language == "ar")


@pytest.mark.django_db
def test_no_other_e_mail_brings_a_picture():
    message, now = of_kind(Kind.REMINDER_1_DAY)
    assert "image/png" not in {part.get_content_type() for part in read(message, now).walk()}
