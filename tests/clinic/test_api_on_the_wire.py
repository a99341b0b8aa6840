"""What a client can write on the line that no HTTP library would: asked of the real web server."""

import json
import socket
import time
from urllib.parse import urlsplit

import pytest

from bookings.models import Consultation
from tests import make
from tests.bookings.api import token_of, typed

KEY = "Idempotency-Key: 8e03978e-40d5-43dd-bc93-6894a57f9324"
JSON = "Content-Type: application/json"
CHUNKS = b'10\r\n{"reason":"ill"}\r\n0\r\n\r\n'


@pytest.fixture
def send(live_site):
    """Writes a request as it stands; gives the status and the kind of problem."""

    def send(path: str, headers: list[str], body: bytes = b"") -> tuple[int, str]:
        head = [f"POST /api/{path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *headers]
        url = urlsplit(live_site)
        with socket.create_connection((url.hostname, url.port), timeout=20) as line:
            line.sendall("\r\n".join([*head, "", ""]).encode("latin-1") + body)
            told = b"".join(iter(lambda: line.recv(65536), b""))
        top, _blank, document = told.partition(b"\r\n\r\n")
        status = int(top.split(b" ")[1])
        if b"application/problem+json" not in top:
            return status, ""
        return status, json.loads(document)["type"].rstrip("/").rpartition("/")[2]

    return send


def test_a_body_that_cannot_be_read_whole_does_nothing(send):
    """In chunks our server would hand on an empty body, and a cancellation would lose its reason."""
    consultation = make.waiting()
    token = f"Authorization: Bearer {token_of(consultation)}"
    for more in ([], [KEY]):
        headers = [JSON, token, "Transfer-Encoding: chunked", *more]
        assert send("consultation/cancel/", headers, CHUNKS) == (411, "length_required")
    lengths = ["Content-Length: 16", "Content-Length: 2"]
    assert send("consultation/cancel/", [JSON, token, *lengths], b"{}") == (400, "")
    assert send("consultation/cancel/", [JSON, token, "Content-Length: -1"], b"{}") == (400, "")
    cut = ["Content-Length: 10"]
    assert send("consultation/cancel/", [JSON, token, *cut], b'{"reason":"ill"}')[0] == 400
    zipped = ["Content-Encoding: gzip", "Content-Length: 2"]
    refused = (415, "unsupported_media_type")
    assert send("consultation/cancel/", [JSON, token, *zipped], b"{}") == refused
    consultation.refresh_from_db()
    assert consultation.status == "waiting"


def test_too_long_a_body_is_refused_without_waiting_for_it(send):
    began = time.monotonic()
    for more in ([], [KEY]):
        headers = [JSON, "Content-Length: 1000000000", *more]
        assert send("consultations/", headers, b"{") == (413, "too_large")
    assert time.monotonic() - began < 10


def test_two_keys_are_none(send):
    make.treatment()
    body = json.dumps(typed()).encode()
    headers = [JSON, f"Content-Length: {len(body)}"]
    for keys in ([KEY, KEY], [KEY, KEY.lower()]):
        assert send("consultations/", [*headers, *keys], body) == (400, "bad_idempotency_key")
    assert not Consultation.objects.exists()
    assert send("consultations/", [*headers, KEY], body) == (201, "")
