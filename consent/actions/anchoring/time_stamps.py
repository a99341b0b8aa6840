"""A time-stamping authority's word (RFC 3161) that a head was there at a moment."""

import datetime as dt
import hashlib
import time
import urllib.request
from pathlib import Path

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimeStampRequest,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

TIMEOUT = 10.0  # seconds for each step, and for the whole answer
LONGEST = 64 * 1024  # bytes of an answer
CLOCKS_APART = dt.timedelta(minutes=5)
SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")


class NotStamped(Exception):
    """The authority gave no time stamp that holds; the message says why, for the log and the desk."""


def stamped(content: bytes, *, url: str, certificate: Path | None, now: dt.datetime) -> bytes:
    """The token (DER) for these bytes, checked against what was asked.

    With a certificate (PEM: the authority's root, and what stands between) its signature is checked
    too. Raises NotStamped, or OSError where the authority cannot be reached.
    """
    request = TimestampRequestBuilder(content, HashAlgorithm.SHA256).build()
    answer = _decoded(_answer(url, request.as_bytes()))
    if answer.status not in (0, 1):  # granted, granted with modifications
        raise NotStamped(f"it refused: status {answer.status}")
    _refuse_another_answer(request, answer, content, now=now)
    if certificate:
        _refuse_an_unknown_signer(request, answer, content, certificate)
    return answer.time_stamp_token()


def _answer(url: str, question: bytes) -> bytes:
    """What the authority says; whoever sends it byte by byte is not waited for."""
    if not url.startswith(("https://", "http://")):
        raise NotStamped("ANCHOR_TSA_URL is no address of the web")
    until = time.monotonic() + TIMEOUT
    asked = urllib.request.Request(  # noqa: S310 (seen above)
        url, data=question, headers={"Content-Type": "application/timestamp-query"}
    )
    found = b""
    with urllib.request.urlopen(asked, timeout=TIMEOUT) as reply:  # noqa: S310
        while part := reply.read1(LONGEST):
            found += part
            if len(found) > LONGEST:
                raise NotStamped("its answer is too long")
            if time.monotonic() > until:
                raise TimeoutError("its answer took too long")
    return found


def _decoded(answer: bytes) -> TimeStampResponse:
    try:
        return decode_timestamp_response(answer)
    except ValueError as error:
        raise NotStamped("its answer is no time stamp") from error


def _refuse_another_answer(
    request: TimeStampRequest, answer: TimeStampResponse, content: bytes, *, now: dt.datetime
) -> None:
    """The stamp must be of these bytes, of this request and of this moment (RFC 3161 section 2.2)."""
    try:
        info = answer.tst_info
        imprint, nonce, made = info.message_imprint, info.nonce, info.gen_time
    except ValueError as error:
        raise NotStamped("its answer holds no time stamp") from error
    if (imprint.hash_algorithm, imprint.message) != (SHA256, hashlib.sha256(content).digest()):
        raise NotStamped("it stamped something else")
    if nonce != request.nonce:
        raise NotStamped("it answered another request")
    if abs(made - now) > CLOCKS_APART:
        raise NotStamped("its clock is not ours")


def _refuse_an_unknown_signer(
    request: TimeStampRequest, answer: TimeStampResponse, content: bytes, certificate: Path
) -> None:
    known = x509.load_pem_x509_certificates(certificate.read_bytes())
    roots = [each for each in known if each.issuer == each.subject]
    between = [each for each in known if each.issuer != each.subject]
    try:
        VerifierBuilder(roots=roots, intermediates=between, nonce=request.nonce).build().verify(
            answer, hashlib.sha256(content).digest()
        )
    except (VerificationError, ValueError) as error:
        raise NotStamped("its signature does not hold with ANCHOR_TSA_CERTIFICATE") from error
