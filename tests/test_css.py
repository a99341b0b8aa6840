"""House rules of the look: both directions, a strict policy, and colours that can be read."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "clinic" / "static" / "clinic"
COLOURS = (STATIC / "colours.css").read_text()
PICO = (STATIC / "pico" / "pico.classless.min.css").read_text()
OUR_CSS = [path for path in ROOT.glob("*/static/**/*.css") if "pico" not in path.parts]
PAGES = [path for path in ROOT.glob("*/templates/**/*.html") if "email" not in path.parts]

PHYSICAL = re.compile(
    r"""(?:^|[;{\s])(?:
        (?:margin|padding|border|inset|scroll-margin|scroll-padding)-(?:left|right)[\w-]*\s*:
        | border-(?:top|bottom)-(?:left|right)-radius\s*:
        | (?:left|right)\s*:
        | (?:text-align|float|clear)\s*:\s*(?:left|right)\b
        | [\w-]*position[\w-]*\s*:[^;}]*\b(?:left|right)\b
    )""",
    re.VERBOSE,
)


def without_comments(css: str) -> str:
    return re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)


@pytest.mark.parametrize("path", OUR_CSS, ids=lambda path: path.name)
def test_css_knows_no_left_and_right(path):
    assert not PHYSICAL.findall(without_comments(path.read_text()))


@pytest.mark.parametrize(
    "css",
    [
        "a { margin-left: 0 }",
        "a{left:0}",
        "a { text-align: right; }",
        "a{background-position:right}",
    ],
)
def test_the_rule_above_would_notice(css):
    assert PHYSICAL.search(css)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_has_no_inline_style_or_script(path):
    html = path.read_text()
    assert not re.search(r"<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:", html)
    assert not re.search(r"<script\b(?![^>]*\bsrc=)", html)


def test_no_picture_is_a_data_address():
    for path in OUR_CSS:
        assert "data:" not in without_comments(path.read_text())
    icons = set(re.findall(r"--pico-icon-[a-z]+(?=:url)", PICO))
    assert icons
    for icon in icons:
        assert f"{icon}: none;" in COLOURS


def test_every_file_that_the_css_names_is_there():
    for name in re.findall(r'url\("([^"]+)"\)', COLOURS):
        assert (STATIC / name).is_file()


def test_what_was_taken_from_others_came_with_its_licence():
    assert "MIT" in (STATIC / "pico" / "LICENSE.md").read_text()
    for font in ("noto-sans", "noto-naskh-arabic"):
        assert "SIL OPEN FONT LICENSE" in (STATIC / "fonts" / f"{font}-OFL.txt").read_text().upper()


def colours(*, dark: bool) -> dict[str, str]:
    blocks = re.findall(r":root \{\n(.*?)\n\s*\}", COLOURS, flags=re.DOTALL)
    found: dict[str, str] = {}
    for block in blocks[: 2 if dark else 1]:
        found |= dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", block))
    return found


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(letter * 2 for letter in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


TEXT = [
    *[("ink", on) for on in ("paper", "surface", "accent-soft", "wrong-soft", "good-soft")],
    *[(words, on) for words in ("soft-ink", "accent", "wrong") for on in ("paper", "surface")],
    *[("soft-ink", "accent-soft"), ("accent", "accent-soft"), ("accent-strong", "accent-soft")],
    *[("wrong", "wrong-soft"), ("ink", "warning-soft")],
    *[("on-accent", on) for on in ("accent", "accent-strong")],
    *[("on-wrong", on) for on in ("wrong", "wrong-strong")],
]
EDGES = [("control", "paper"), ("control", "surface"), ("ink", "paper"), ("accent", "line")]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_colour_can_be_read_on_its_ground(dark):
    """WCAG 2.2, 1.4.3 (text 4.5:1) and 1.4.11 (edges of what can be used 3:1)."""
    known = colours(dark=dark)
    weak = [pair for pair in TEXT if contrast(known[pair[0]], known[pair[1]]) < 4.5]
    weak += [pair for pair in EDGES if contrast(known[pair[0]], known[pair[1]]) < 3]
    assert weak == []
