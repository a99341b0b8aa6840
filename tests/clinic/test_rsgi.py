"""The web server as the world meets it: slow clients, headers that pretend, bodies without an end."""

import contextlib
import http.client
import json
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from bookings.models import Consultation
from tests import make
from tests.bookings.api import typed
from tests.processes import web

SLOW = 24  # more than the server has threads
END = b"\r\nConnection: close\r\n\r\n"


def raw(site: str, request: bytes, *, seconds: float = 10) -> bytes:
    """What is answered to these bytes, until the server closes the line."""
    where = urlsplit(site)
    answer = b""
    with socket.create_connection((where.hostname, where.port), timeout=seconds) as line:
        line.sendall(request)
        while part := line.recv(65536):
            answer += part
    return answer


@contextlib.contextmanager
def slow_clients(site: str, begin: bytes) -> Iterator[None]:
    """Clients who have sent the beginning of a request, and send no more."""
    where = urlsplit(site)
    with contextlib.ExitStack() as lines:
        for _client in range(SLOW):
            line = lines.enter_context(socket.create_connection((where.hostname, where.port)))
            line.sendall(begin)
        time.sleep(0.3)
        yield


@pytest.mark.parametrize(
    "begin",
    [
        b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: a",
        b"POST /api/consultations/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
    ],
    ids=["head", "body"],
)
def test_slow_clients_keep_nobody_waiting(live_site, begin):
    with slow_clients(live_site, begin):
        began = time.monotonic()
        for _time in range(5):
            answer = raw(live_site, b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1" + END)
            assert answer.startswith(b"HTTP/1.1 200 ")
        assert time.monotonic() - began < 5


def test_the_proxys_address_counts_and_one_with_an_underscore_does_not(process_env, tmp_path):
    """CGI's names cannot tell X_Forwarded_For, which anybody may send, from what the proxy says."""
    make.clinic()
    make.treatment()
    seen = []
    with web(env={**process_env, "TRUSTED_PROXIES": "1"}, log=tmp_path / "web.log") as site:
        for number in range(7):
            line = http.client.HTTPConnection(urlsplit(site).netloc, timeout=30)
            headers = {
                "Content-Type": "application/json",
                "X-Forwarded-For": "198.51.100.7",
                "X_Forwarded_For": f"203.0.113.{number}",
            }
            line.request("POST", "/api/consultations/", json.dumps(typed()), headers)
            seen.append(line.getresponse().status)
            line.close()
    assert seen == [201] * 5 + [429] * 2  # five unproven requests of one device


def test_what_the_proxy_says_cannot_be_made_unreadable(live_site):
    """granian leaves such a line out; then the proxy's own words in it would be missing too."""
    start = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    assert raw(live_site, start + b"X-Forwarded-For: \xff, 1.2.3.4" + END).startswith(
        b"HTTP/1.1 400 "
    )
    assert raw(live_site, start + b"X-Other: \xff" + END).startswith(b"HTTP/1.1 200 ")


def test_an_address_in_any_letters_is_answered_in_order(live_site):
    for line, status in {
        b"GET /api/times/?a=\xd9\x85": 400,
        b"GET /\xd9\x85": 404,
        b"GET /%FF": 404,
        b"GET /ar/%D9%85": 404,
    }.items():
        answer = raw(live_site, line + b" HTTP/1.1\r\nHost: 127.0.0.1" + END)
        assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:300]


def test_a_body_without_an_end_is_refused(live_site):
    start = (
        b"POST /api/consultations/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    answer = raw(live_site, start + b"2\r\n{}\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 411 ")  # the API wants to know the length before
    chunk = b"%x\r\n%s\r\n" % (2**20, b" " * 2**20)
    with contextlib.suppress(ConnectionError):  # or the line is closed before all was sent
        assert raw(live_site, start + chunk * 2).startswith(b"HTTP/1.1 413 ")


def test_a_head_that_is_too_long_is_refused(live_site):
    with contextlib.suppress(ConnectionError):
        answer = raw(
            live_site, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " + b"a" * 500_000 + END
        )
        assert answer.startswith(b"HTTP/1.1 431 ")


def cut_off(site: str, request: bytes) -> bytes:
    """What is answered to a client that goes away in the middle."""
    where = urlsplit(site)
    answer = b""
    with socket.create_connection((where.hostname, where.port), timeout=10) as line:
        line.sendall(request)
        line.shutdown(socket.SHUT_WR)
        while part := line.recv(65536):
            answer += part
    return answer


def test_a_body_that_breaks_off_is_not_taken_for_a_whole_one(live_site):
    body = json.dumps(typed()).encode()
    head = b"POST /api/consultations/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json"
    head += b"\r\nContent-Length: " + str(len(body)).encode() + END
    for sent in (b"", body[:-1]):
        assert not cut_off(live_site, head + sent).startswith(b"HTTP/1.1 2")
    assert not Consultation.objects.exists()
    assert raw(live_site, head + body).startswith(b"HTTP/1.1 201 ")


def test_an_idempotency_key_that_cannot_be_read_is_not_left_out(live_site):
    body = json.dumps(typed()).encode()
    head = b"POST /api/consultations/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json"
    head += b"\r\nIdempotency-Key: \xc3\xa90123456789012345678901234567"
    head += b"\r\nContent-Length: " + str(len(body)).encode() + END
    assert raw(live_site, head + body).startswith(b"HTTP/1.1 400 ")
    assert not Consultation.objects.exists()
