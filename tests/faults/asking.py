"""People who book while something is away: each asks with one key until the answer is a yes."""

import http.client
import json
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.faults.load import CANARY_DOMAIN, CANARY_NAME, CANARY_PHONE
from tests.journeys.test_sent_ten_times import Sent, new_request


@dataclass
class Told:
    """What people were told, and when (seconds since 1970)."""

    booked: dict[str, float] = field(default_factory=dict)  # by reference
    took: list[float] = field(default_factory=list)  # seconds, of each answer that is a yes
    away_at: list[float] = field(default_factory=list)  # 503
    wrong: list[str] = field(default_factory=list)  # any other answer, or none
    pages: int = 0


def canary(number: int, **slot: str) -> Sent:
    """Another patient with the load's name and phone."""
    return new_request(
        number,
        patient_name=CANARY_NAME,
        mobile=CANARY_PHONE,
        email=f"asks{number}@{CANARY_DOMAIN}",
        **slot,
    )


def answer(site: str, sent: Sent) -> tuple[int, str, bytes, float]:
    """Status, type, body, seconds. The client's own patience is 30 s."""
    began = time.monotonic()
    line = http.client.HTTPConnection(urlsplit(site).netloc, timeout=30)
    try:
        line.request("POST", "/api/consultations/", sent.body, sent.headers)
        said = line.getresponse()
        body = said.read()
        kind = said.headers.get_content_type()
        if said.status == 503:
            assert said.headers["Retry-After"]
        return said.status, kind, body, time.monotonic() - began
    finally:
        line.close()


def book(site: str, sent: Sent, told: Told, *, patience: float = 60.0) -> None:
    """Sends one request until it is booked; notes everything that was said."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        try:
            status, kind, body, seconds = answer(site, sent)
        except (OSError, http.client.HTTPException) as error:
            told.wrong.append(type(error).__name__)
            return
        if status == 201:
            told.booked[json.loads(body)["reference"]] = time.time()
            told.took.append(seconds)
            return
        if status == 503 and kind == "application/problem+json":
            told.away_at.append(time.time())
        elif not body.endswith(b"}") or "request_in_progress" not in body.decode():
            told.wrong.append(f"{status} {kind} {body[:200]!r}")
            return
        time.sleep(0.1)
    told.wrong.append("never booked")


def ask_evenly(
    site: str, requests: list[Sent], told: Told, *, rate: float, ended: threading.Event
) -> None:
    """So many a second, each in a thread of its own: a slow answer does not hold up the next."""
    threads = []
    for turn, sent in enumerate(requests):
        if ended.wait(1 / rate if turn else 0):
            break
        threads.append(threading.Thread(target=book, args=(site, sent, told)))
        threads[-1].start()
    for thread in threads:
        thread.join()


def look_at_pages(site: str, told: Told, *, ended: threading.Event) -> None:
    """The first page, ten times a second: there, or 503 with a sentence."""
    while not ended.wait(0.1):
        line = http.client.HTTPConnection(urlsplit(site).netloc, timeout=30)
        try:
            line.request("GET", "/")
            said = line.getresponse()
            page = said.read().decode()
        except (OSError, http.client.HTTPException) as error:
            told.wrong.append(f"page: {type(error).__name__}")
            continue
        finally:
            line.close()
        told.pages += 1
        if said.status == 503 and "reload the page" in page and said.headers["Retry-After"]:
            told.away_at.append(time.time())
        elif said.status != 200:
            told.wrong.append(f"page: {said.status}")
