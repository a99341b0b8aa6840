"""A patient in Chromium who uses the keyboard alone, and the checks that each page has to pass."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from django.db import connections
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
SIZES = {"phone": {"width": 360, "height": 740}, "desk": {"width": 1280, "height": 900}}
# WCAG 2.2 AA and what axe calls best practice.
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
FOCUSED = "document.activeElement.matches(%r)"
TABS = 400  # more than any page has


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a connection to anything but this machine.

    Playwright's loop has database connections of its own: they end with it, or the next test would be
    given one to a database that is gone.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            connections.close_all()
            browser.close()


@dataclass
class Patient:
    """One person at one browser window; `seen` lists the pages that were checked."""

    page: Page
    language: str
    shots: Path | None = None
    seen: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def look(self, name: str) -> None:
        """Checks the page as it stands: axe, direction, overflow, one main heading, a title."""
        self.seen.append(name)
        result = Axe().run(self.page, options=RULES)
        for violation in result.response["violations"]:
            nodes = "; ".join(" ".join(map(str, node["target"])) for node in violation["nodes"][:3])
            self.problems.append(f"{name}: axe {violation['id']}: {nodes}")
        facts = self.page.evaluate(
            "() => ({dir: document.documentElement.dir, lang: document.documentElement.lang,"
            " wide: document.documentElement.scrollWidth - window.innerWidth,"
            " headings: document.querySelectorAll('h1').length, title: document.title})"
        )
        wanted = "rtl" if self.language == "ar" else "ltr"
        if facts["dir"] != wanted or facts["lang"] != self.language:
            self.problems.append(f"{name}: is {facts['lang']} {facts['dir']}")
        if facts["wide"] > 0:
            self.problems.append(f"{name}: {facts['wide']} px wider than the screen")
        if facts["headings"] != 1 or not facts["title"]:
            self.problems.append(
                f"{name}: {facts['headings']} main headings, title {facts['title']!r}"
            )
        if self.shots is not None:
            size = self.page.viewport_size or {"width": 0}
            file = f"{len(self.seen):02d}-{name}-{self.language}-{size['width']}.png"
            self.page.screenshot(path=self.shots / file, full_page=True)

    def tab_to(self, selector: str) -> None:
        """Presses Tab until the element has the focus, as somebody without a mouse does."""
        for _press in range(TABS):
            if self.page.evaluate(FOCUSED % selector):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab never reached {selector} on {self.page.url}")

    def type(self, selector: str, text: str) -> None:
        self.tab_to(selector)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def press(self, selector: str, key: str = "Enter") -> None:
        """Presses a key on an element and waits for the page that follows."""
        self.tab_to(selector)
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def tick(self, selector: str) -> None:
        self.tab_to(selector)
        self.page.keyboard.press("Space")

    def go_on(self) -> None:
        """The page's main button."""
        self.press("#answers .actions button[type=submit]")
