"""A write sent twice is done once: the Idempotency-Key header (draft-ietf-httpapi-idempotency-key-header).

What the view does and the answer to it are stored in one transaction: both are there, or neither is.
"""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from django.db import Error, connection, transaction
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils.translation import gettext_lazy as _

from clinic.api.asking import LONGEST_BODY
from clinic.api.language import PREFIX
from clinic.api.problems import Document, document, problem
from clinic.api.sealing import Answer, open_sealed, seal
from clinic.models import KEPT_FOR

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
WRITES = ("POST", "PUT", "PATCH", "DELETE")
SHORTEST_KEY, LONGEST_KEY = 22, 200  # characters
# Visible ASCII, in the quotes of a structured field (RFC 9651) or bare; without what would end it.
# Two headers arrive joined by a comma, and are refused for it.
_LETTERS = rf"[!#-+\--:<-\[\]-~]{{{SHORTEST_KEY},{LONGEST_KEY}}}"
KEY = rf'^("{_LETTERS}"|{_LETTERS})$'
# 22 characters of base64url have 128 bits, 22 hexadecimal digits only 88: of those it takes 32.
FEW_DIGITS = r'^"?(-*[0-9A-Fa-f]){0,31}-*"?$'
# Nothing was begun: sent again, corrected or later, it may be done.
NOTHING_BEGUN = {401, 403, 404, 405, 406, 411, 413, 415, 429}
NOT_USABLE = {"invalid", "parse_error"}

Respond = Callable[[HttpRequest], HttpResponse]


def once(get_response: Respond) -> Respond:
    """Middleware, the innermost: what the others add to an answer is added to a repeated one anew."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER)
        if given is None or not _is_write(request):
            return get_response(request)
        if not re.fullmatch(KEY, given) or re.fullmatch(FEW_DIGITS, given):
            return document("bad_idempotency_key", status=400, detail=BAD_KEY)
        if not _can_be_read(request):
            return get_response(request)  # which refuses it
        try:
            asked = _hash_of(request)  # reads it whole, before a transaction is open
            with transaction.atomic():
                return _answer(request, asked, given.strip('"'), get_response)
        except UnreadablePostError:
            return document("parse_error", status=400, detail=_("The request broke off."))
        except Error as error:  # of the database's
            return problem(error, {"request": request})

    return middleware


def _is_write(request: HttpRequest) -> bool:
    return request.method in WRITES and request.path_info.startswith(PREFIX)


def _can_be_read(request: HttpRequest) -> bool:
    """Whether its length is said, and is one that the API reads at all."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return bool(re.fullmatch("[0-9]{1,9}", length)) and int(length) <= LONGEST_BODY


def _answer(request: HttpRequest, asked: str, key: str, get_response: Respond) -> HttpResponse:
    """The kept answer to a repeated request; else the view's, kept if it did or refused something."""
    locked, sealed = _lock_and_look(key)
    if sealed is not None:
        return _repeat(open_sealed(sealed, key=key), asked)
    if not locked:
        return _in_progress()
    response = get_response(request)
    if response.status_code >= 500:
        transaction.set_rollback(True)
    elif _is_final(response):
        answer = Answer(asked, response.status_code, dict(response.headers), response.content)
        if not _keep(key, answer):
            transaction.set_rollback(True)
            return _in_progress()
    return response


def _hash_of(request: HttpRequest) -> str:
    """SHA-256 over all that makes a request this one: method, address, token and body."""
    token = request.headers.get("Authorization", "")
    head = json.dumps([request.method, request.get_full_path(), token]).encode()
    return hashlib.sha256(head + b"\n" + request.body).hexdigest()


def _is_final(response: HttpResponse) -> bool:
    """Whether the request was done, or refused for good: then its repetition is told the same."""
    if isinstance(response, Document) and response.code in NOT_USABLE:
        return False
    return response.status_code not in NOTHING_BEGUN


def _repeat(answer: Answer | None, asked: str) -> HttpResponse:
    """One that cannot be opened was kept under a secret of ours that is gone: it is not done again."""
    if answer is None or answer.asked != asked:
        return document("idempotency_key_reused", status=422, detail=REUSED)
    response = HttpResponse(answer.body, status=answer.status, headers=answer.headers)
    response[REPLAYED] = "true"
    return response


def _in_progress() -> HttpResponse:
    response = document("request_in_progress", status=409, detail=IN_PROGRESS)
    response["Retry-After"] = "1"
    return response


def _lock_and_look(key: str) -> tuple[bool, bytes | None]:
    """Whether the key's lock was had (until the transaction ends), and the answer that is kept.

    One statement sees what was committed before it began, so an answer that is committed between
    the look and the lock is not seen: `_keep` then finds it.
    """
    looked_for: list[Any] = [*_lock_of(key), _hash(key), KEPT_FOR]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(%s, %s), kept.sealed FROM (SELECT 1) AS one"
            " LEFT JOIN clinic_keptanswer AS kept"
            " ON kept.key = %s AND kept.kept_at > clinic_now() - %s",
            looked_for,
        )
        locked, sealed = cursor.fetchone()
    return locked, None if sealed is None else bytes(sealed)


def _lock_of(key: str) -> tuple[int, int]:
    """64 bits of its hash. Locks of two numbers are not those of one, which the limits of requests use."""
    digest = _hash(key)
    first, second = (int.from_bytes(digest[at : at + 4], "big", signed=True) for at in (0, 4))
    return first, second


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _keep(key: str, answer: Answer) -> bool:
    """Keeps an answer in the place of one that has run out; False where one stands that has not."""
    row: list[Any] = [_hash(key), seal(answer, key=key), KEPT_FOR]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO clinic_keptanswer AS kept (key, sealed, kept_at)"
            " VALUES (%s, %s, clinic_now()) ON CONFLICT (key) DO UPDATE"
            " SET sealed = EXCLUDED.sealed, kept_at = EXCLUDED.kept_at"
            " WHERE kept.kept_at <= clinic_now() - %s",
            row,
        )
        return cursor.rowcount == 1


BAD_KEY = _(
    "Send one Idempotency-Key of 22 to 200 characters with at least 128 random bits, such as a UUID."
)
REUSED = _("This Idempotency-Key was sent with another request. Send a new key with a new request.")
IN_PROGRESS = _("The same request is being worked on. Send it again in a second.")
