"""A person with a browser and no JavaScript: reads pages, fills in forms, presses buttons."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Tag
from django.test import Client
from django.test.client import ClientHandler

from bookings import links
from bookings.links import Purpose
from bookings.models import Consultation


class Person:
    """Follows redirects as a browser does; `page` is what is on the screen.

    `client` has the same cookies, for a request that no page of ours would send (without CSRF's token).
    """

    handler = ClientHandler(enforce_csrf_checks=True)

    def __init__(self, client: Client | None = None) -> None:
        self.client, self._browser = client or Client(), Client()
        self._browser.handler = self.handler
        self.url = "/"
        self.page = BeautifulSoup("", "html.parser")
        self.status = 0
        self.hops: list[int] = []  # the answers that led on to this page
        self.response: Any = None

    @property
    def browser(self) -> Client:
        """What opens pages and presses buttons, with the cookies that `client` has now."""
        self._browser.cookies = self.client.cookies
        return self._browser

    # --- Looking -----------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """All words on the page, with single spaces."""
        return " ".join(self.page.get_text().split())

    @property
    def main(self) -> str:
        """The words of the page's main part, each element's apart."""
        return " ".join((self.page.find("main") or self.page).get_text(" ").split())

    def has(self, words: str) -> bool:
        return words in self.main

    @property
    def title(self) -> str:
        return self.page.title.get_text() if self.page.title else ""

    @property
    def heading(self) -> str:
        return " ".join(self.page.h1.get_text().split()) if self.page.h1 else ""

    @property
    def errors(self) -> list[str]:
        """What the error summary says; each of its links leads to something on the page."""
        summary = self.page.select_one(".error-summary")
        for link in summary.select("a") if summary else []:
            assert self.page.find(id=link["href"].removeprefix("#")), link["href"]
        return [" ".join(row.get_text().split()) for row in summary.select("li")] if summary else []

    def value(self, name: str) -> Any:
        """What a field holds: its text, the value that is chosen, or a list of those ticked."""
        sent = [value for key, value in self.filled(self._form_with(name)) if key == name]
        return sent[0] if len(sent) == 1 else (sent or None)

    @property
    def form(self) -> dict[str, Any]:
        """The fields of the page's form as they stand."""
        form = self.page.find("form", id="answers")
        return dict(self.filled(form)) if form else {}

    def values(self, name: str) -> list[str]:
        """All the values that a field's choices offer."""
        return [field["value"] for field in self.page.select(f'[name="{name}"]')]

    # --- Doing -------------------------------------------------------------------------------

    def open(self, url: str) -> "Person":
        return self._show(self.browser.get(urljoin(self.url, url)), urljoin(self.url, url))

    def reload(self) -> "Person":
        return self.open(self.url)

    def link(self, words: str) -> Tag:
        for link in self.page.select("a[href]"):
            if words in " ".join(link.get_text().split()):
                return link
        raise AssertionError(f"no link {words!r} on {self.url}: {self.text}")

    def follow(self, words: str) -> "Person":
        """Presses the link with these words."""
        return self.open(self.link(words)["href"])

    def press(self, words: str, **filled: Any) -> "Person":
        """Fills in the form of the button with these words, then presses it."""
        button = self.button(words)
        form = (
            self.page.find("form", id=button["form"])
            if button.get("form")
            else button.find_parent("form")
        )
        assert form is not None
        return self._send(form, button, filled)

    def go_on(self, **filled: Any) -> "Person":
        """Fills in the page's own form and presses its one primary button, in whichever language."""
        form = self.page.find("form", id="answers")
        assert form is not None, f"no form on {self.url}: {self.text}"
        primary = [
            button
            for button in form.select("button[type=submit]")
            if not {"secondary", "quiet"} & set(button.get("class", []))
        ]
        assert len(primary) == 1, f"{len(primary)} primary buttons on {self.url}"
        return self._send(form, primary[0], filled)

    def again(self) -> "Person":
        """Sends what was sent last once more: a second press of the same button."""
        return self._show(self.browser.post(self.sent_to, self.sent), self.sent_to)

    def walks(self, consultation: Consultation) -> "Person":
        """This browser is on the road with that consultation."""
        session = self.client.session
        session["road"] = {"consultation": consultation.pk}
        session.save()
        return self

    def opens_own_page(self, consultation: Consultation) -> "Person":
        """Comes by the link from an e-mail and passes the check."""
        return self.open(link_to(consultation)).go_on(answer=str(consultation.birth_date.year))

    def _send(self, form: Tag, button: Tag, filled: dict[str, Any]) -> "Person":
        fields = self.filled(form)
        known = {field["name"] for field in form.select("[name]")} | {"time"}
        for name, value in filled.items():
            assert name in known, f"no field {name!r} on {self.url}"
            fields = [(key, kept) for key, kept in fields if key != name]
            several = value if isinstance(value, list) else [] if value is None else [value]
            fields += [(name, one) for one in several]
        if button.get("name"):
            fields.append((button["name"], button.get("value", "")))
        to = urljoin(self.url, button.get("formaction") or form.get("action") or self.url)
        sent: dict[str, list[str]] = {}
        for name, value in fields:
            sent.setdefault(name, []).append(value)
        if form.get("method", "get").lower() == "get":
            return self._show(self.browser.get(to.partition("?")[0], sent), to)
        self.sent_to, self.sent = to, sent
        return self._show(self.browser.post(to, sent), to)

    def button(self, words: str) -> Tag:
        for button in self.page.select("button"):
            if words in " ".join(button.get_text().split()) and "tabindex" not in button.attrs:
                return button
        raise AssertionError(f"no button {words!r} on {self.url}: {self.text}")

    def _form_with(self, name: str) -> Tag:
        field = self.page.find(attrs={"name": name})
        assert field is not None, f"no field {name!r} on {self.url}"
        form = field.find_parent("form")
        assert form is not None
        return form

    def filled(self, form: Tag) -> list[tuple[str, str]]:
        """What a browser would send of this form as it stands."""
        return list(_successful_fields(form.select("input[name], select[name], textarea[name]")))

    def _show(self, response: Any, url: str) -> "Person":
        self.hops = []
        for _hop in range(8):
            if response.status_code not in (301, 302, 303):
                break
            self.hops.append(response.status_code)
            url = urljoin(url, response["Location"])
            response = self.browser.get(url)
        else:
            raise AssertionError(f"redirected in a circle at {url}")
        self.response, self.status, self.url = response, response.status_code, url
        self.page = BeautifulSoup(response.content, "html.parser")
        return self


def link_to(consultation: Consultation, *, language: str = "en") -> str:
    """The path in the e-mails' link to the person's own page."""
    prefix = "/ar" if language == "ar" else ""
    return f"{prefix}/c/{links.token(consultation, Purpose.PAGE)}/"


def _successful_fields(fields: Iterable[Tag]) -> Iterable[tuple[str, str]]:
    """The "successful controls" of the HTML standard, without buttons."""
    for field in fields:
        if field.name == "select":
            options = field.select("option")
            chosen = [one for one in options if one.has_attr("selected")] or options[:1]
            yield from ((field["name"], one["value"]) for one in chosen)
        elif field.name == "textarea":
            yield field["name"], field.get_text().removeprefix("\n")
        elif field.get("type") in ("radio", "checkbox"):
            if field.has_attr("checked"):
                yield field["name"], field.get("value", "on")
        else:
            yield field["name"], field.get("value", "")
