"""A person with a browser and no JavaScript: reads pages, fills in forms, presses buttons."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Tag
from django.test import Client
from django.test.client import ClientHandler


class Person:
    """Follows redirects as a browser does; `page` is what is on the screen."""

    handler = ClientHandler(enforce_csrf_checks=True)  # one for all: each anew would take 50 ms

    def __init__(self, client: Client | None = None) -> None:
        self.client = client or Client()
        self.client.handler = self.handler
        self.url = "/"
        self.page = BeautifulSoup("", "html.parser")
        self.status = 0
        self.response: Any = None

    # --- Looking -----------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """All words on the page, with single spaces."""
        return " ".join(self.page.get_text().split())

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

    def values(self, name: str) -> list[str]:
        """All the values that a field's choices offer."""
        return [field["value"] for field in self.page.select(f'[name="{name}"]')]

    # --- Doing -------------------------------------------------------------------------------

    def open(self, url: str) -> "Person":
        return self._show(self.client.get(urljoin(self.url, url)), urljoin(self.url, url))

    def follow(self, words: str) -> "Person":
        """Presses the link with these words."""
        for link in self.page.select("a[href]"):
            if words in " ".join(link.get_text().split()):
                return self.open(link["href"])
        raise AssertionError(f"no link {words!r} on {self.url}: {self.text}")

    def press(self, words: str, **filled: Any) -> "Person":
        """Fills in the form of the button with these words, then presses it."""
        button = self._button(words)
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
        return self._show(self.client.post(self.sent_to, self.sent), self.sent_to)

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
            return self._show(self.client.get(to.partition("?")[0], sent), to)
        self.sent_to, self.sent = to, sent
        return self._show(self.client.post(to, sent), to)

    def _button(self, words: str) -> Tag:
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
        for _hop in range(8):
            if response.status_code not in (301, 302, 303):
                break
            url = urljoin(url, response["Location"])
            response = self.client.get(url)
        else:
            raise AssertionError(f"redirected in a circle at {url}")
        self.response, self.status, self.url = response, response.status_code, url
        self.page = BeautifulSoup(response.content, "html.parser")
        return self


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
