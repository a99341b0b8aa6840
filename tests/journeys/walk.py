"""The whole road over HTTP, without JavaScript: `python -m tests.journeys.walk http://127.0.0.1:8000`.

Fills in forms as they stand in the HTML, as a browser without scripts does, in English and in Arabic, and
reads code and confirmation in the demo's inbox page.
"""

import http.cookiejar
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

from bs4 import BeautifulSoup, Tag

Answers = dict[str, str | None]


class Visitor:
    """A browser without JavaScript: cookies, pages, forms."""

    def __init__(self, site: str) -> None:
        self.site = site
        jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        self.url = site
        self.page = BeautifulSoup("", "html.parser")

    def get(self, path: str) -> None:
        self._open(urllib.request.Request(urllib.parse.urljoin(self.url, path)))

    def _open(self, request: urllib.request.Request) -> None:
        try:
            answer = self.opener.open(request, timeout=20)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{error.code} at {request.full_url}") from error
        self.url = answer.url
        self.page = BeautifulSoup(answer.read(), "html.parser")

    @property
    def title(self) -> str:
        heading = self.page.find("h1")
        return heading.get_text(" ", strip=True) if heading else ""

    def submit(self, answers: Answers | None = None, *, form: str = "form#answers") -> None:
        """Sends a form with what stands in it and these answers; a name without value: its first choice."""
        found = self.page.select_one(form)
        assert found is not None, f"no form on {self.url}: {self.title}"
        fields = _filled(found)
        for name, value in (answers or {}).items():
            control = found.select_one(f"[name={name}]")
            assert control is not None, f"no field {name} on {self.url}"
            fields[name] = str(control.get("value") or "on") if value is None else value
        target = urllib.parse.urljoin(self.url, str(found.get("action") or ""))
        body = urllib.parse.urlencode(fields).encode()
        self._open(urllib.request.Request(target, data=body, headers={"Referer": self.url}))


def _filled(form: Tag) -> dict[str, str]:
    """What a browser would send if nothing was touched."""
    fields: dict[str, str] = {}
    for control in form.select("input[name], textarea[name], select[name]"):
        name, kind = str(control["name"]), control.get("type", "text")
        if control.name == "select":
            chosen = control.select_one("option[selected]") or control.select_one("option")
            fields[name] = str(chosen.get("value", "")) if chosen else ""
        elif control.name == "textarea":
            fields[name] = control.get_text().strip()
        elif kind in ("radio", "checkbox"):
            if control.has_attr("checked"):
                fields[name] = str(control.get("value", "on"))
        elif kind != "submit":
            fields[name] = str(control.get("value", ""))
    return fields


def walk(site: str, *, language: str, email: str, code: Callable[[], str]) -> Visitor:
    """Books a visit; gives the visitor on the page that says so."""
    visitor = Visitor(site)
    visitor.get(f"{site}/ar/" if language == "ar" else f"{site}/")
    html = visitor.page.html
    assert html is not None
    assert (html["lang"], html["dir"]) == ((language, "rtl") if language == "ar" else ("en", "ltr"))
    visitor.get(str(visitor.page.select_one("main a[href*='book/']")["href"]))  # type: ignore[index]
    visitor.submit({"about": None})
    visitor.submit({"time": None})
    visitor.submit(
        {
            "visit_for": None,
            "patient_name": "مريم سالم" if language == "ar" else "Maryam Salem",
            "email": email,
            "mobile": "٠٥٠١٢٣٤٥٦٧" if language == "ar" else "050 123 4567",
            "birth_date_day": "17",
            "birth_date_month": "5",
            "birth_date_year": "1990",
        }
    )
    visitor.submit({"code": code()})
    risks = 0
    while "/risks/" in visitor.url:
        assert not visitor.page.select("input[type=checkbox][checked]"), "something was ticked"
        visitor.submit({"understood": None})
        risks += 1
    assert risks >= 4, f"{risks} side effects were shown"
    visitor.submit()
    assert "/booked/" in visitor.url, f"{visitor.url}: {visitor.title}"
    return visitor


def in_inbox(site: str, email: str, pattern: str) -> str:
    """Waits until an e-mail to this address in the demo's inbox matches; gives the match."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        reader = Visitor(site)
        reader.get("/inbox/")
        for article in reader.page.select("article"):
            if email not in article.get_text():
                continue
            link: Any = article.select_one("h2 a")
            reader.get(link["href"])
            text = reader.page.get_text()
            if found := re.search(pattern, text):
                return found[0]
        time.sleep(0.5)
    raise AssertionError(f"no e-mail to {email} with {pattern!r} came into the inbox")


def main(site: str) -> None:
    """Walks in both languages against a running demo and says what it saw."""
    for language, words in (("en", r"video|visit"), ("ar", r"موعد|زيارت")):
        email = f"walk-{language}-{int(time.time())}@example.com"
        visitor = walk(
            site,
            language=language,
            email=email,
            code=lambda email=email: in_inbox(site, email, r"\b\d{6}\b"),
        )
        reference = visitor.page.find(string=re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}"))
        assert reference is not None
        grouped = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", reference)[0]  # type: ignore[index]
        in_inbox(site, email, grouped)
        in_inbox(site, email, words)
        print(
            f"{language}: booked {grouped}: “{visitor.title}”; code and confirmation are in the inbox"
        )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
