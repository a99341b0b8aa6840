"""Makes the certificate's fonts from Noto's, once: `python make_fonts.py FOLDER-OF-NOTO` (fonttools, uharfbuzz).

Taken from Debian's fonts-noto-core 20201225-1 (Noto Sans 2.004, Noto Naskh Arabic 2.004; OFL 1.1). What
was changed: Noto Sans keeps Latin, Greek, Cyrillic and punctuation; in Noto Naskh Arabic a letter and
its marks become one glyph, drawn from the font's own two. typst writes a mark that it has to lift as a
run of its own, with the letter's text once more, so that a copied text would say the letter twice.
"""

import itertools
import subprocess
import sys
from pathlib import Path

import uharfbuzz as hb
from fontTools.feaLib.builder import addOpenTypeFeaturesFromString
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import Glyph, GlyphComponent

HERE = Path(__file__).parent
LATIN = (
    "U+0020-024F,U+02B0-02FF,U+0300-036F,U+0370-03FF,U+0400-052F,U+1E00-1EFF,U+2000-2064,U+2066-206F,"
    "U+20A0-20BF,U+2113,U+2116,U+2122,U+2190-2193,U+2212,U+2260,U+2264,U+2265,U+25CC,U+FFFD"
)
VOWELS = "\u064b\u064c\u064d\u064e\u064f\u0650\u0652\u0670"
SHADDA, TATWEEL = "\u0651", "\u0640"
MARKS = [*VOWELS, SHADDA, *(SHADDA + vowel for vowel in VOWELS)]
MORE_LETTERS = "پچژگکیۀەہھےٹڈڑں"  # Persian and Urdu
MARK = 3  # GDEF's class of marks
EXACT = 0x0002 | 0x0004  # offsets are distances; they are rounded to the grid


def main(noto: Path) -> None:
    for weight in ("Regular", "Bold"):
        to = HERE / f"NotoSans-{weight}.ttf"
        subprocess.run(  # noqa: S603
            [
                Path(sys.executable).parent / "pyftsubset",
                noto / to.name,
                f"--unicodes={LATIN}",
                "--layout-features=kern,mark,mkmk,ccmp,locl,liga",
                "--no-hinting",
                "--name-IDs=*",
                f"--output-file={to}",
            ],
            check=True,
        )
        name = f"NotoNaskhArabic-{weight}.ttf"
        join_marks(noto / name, HERE / name)
    fonts = [TTFont(HERE / f"{name}-Regular.ttf") for name in ("NotoSans", "NotoNaskhArabic")]
    codes = set().union(*(font.getBestCmap() for font in fonts))
    list_letters(sorted(code for code in codes if code >= ord(" ")))


def list_letters(codes: list[int]) -> None:
    """What the fonts can draw, for letters.py: one range of code points a line, in hex."""
    starts = [code for code in codes if code - 1 not in codes]
    ends = [code for code in codes if code + 1 not in codes]
    lines = (f"{first:04X}-{last:04X}" for first, last in zip(starts, ends, strict=True))
    (HERE / "letters.txt").write_text("\n".join(lines) + "\n")


def join_marks(source: Path, to: Path) -> None:
    """The font with one more glyph for each letter's shape with each mark."""
    font = TTFont(source, recalcTimestamp=False)
    joined = joined_glyphs(source, font)
    letters, widths = font["glyf"], font["hmtx"]
    for number, (parts, placed) in enumerate(joined.items()):
        glyph = Glyph()
        glyph.numberOfContours, glyph.components = -1, []
        for part, x, y in placed:
            component = GlyphComponent()
            component.glyphName, component.x, component.y = part, x, y
            component.flags = EXACT
            glyph.components.append(component)
        letters[f"joined{number:04d}"] = glyph
        glyph.recalcBounds(letters)
        widths[f"joined{number:04d}"] = (widths[parts[0]][0], glyph.xMin)
        font["GDEF"].table.GlyphClassDef.classDefs[f"joined{number:04d}"] = 2
    font.setGlyphOrder(letters.glyphOrder)
    font["maxp"].numGlyphs = len(letters.glyphOrder)
    add_rules(font, source, list(joined))
    font.save(to)


def joined_glyphs(source: Path, font: TTFont) -> dict[tuple[str, ...], list[tuple[str, int, int]]]:
    """Letter and marks, as glyphs in the order of writing -> where each is drawn from the letter's foot."""
    order, classes = font.getGlyphOrder(), font["GDEF"].table.GlyphClassDef.classDefs
    shaper = hb.Font(hb.Face(source.read_bytes()))
    joined: dict[tuple[str, ...], list[tuple[str, int, int]]] = {}
    for text in cases(font.getBestCmap()):
        buffer = hb.Buffer()
        buffer.add_str(text)
        buffer.direction, buffer.script, buffer.language = "rtl", "Arab", "ar"
        hb.shape(shaper, buffer)
        pen = 0
        clusters: dict[int, list[tuple[str, int, int]]] = {}
        for glyph, at in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            drawn = (order[glyph.codepoint], pen + at.x_offset, at.y_offset)
            clusters.setdefault(glyph.cluster, []).append(drawn)
            pen += at.x_advance
        for cluster in clusters.values():
            written = cluster[::-1]
            name, x0, y0 = written[0]
            if len(written) > 1 and all(classes.get(part) == MARK for part, _, _ in written[1:]):
                key = tuple(part for part, _, _ in written)
                joined.setdefault(key, [(part, x - x0, y - y0) for part, x, y in written])
    return joined


def cases(known: dict[int, str]) -> list[str]:
    """Every letter with every mark, alone, at the beginning, in the middle and at the end of a word."""
    letters = [chr(code) for code in range(0x621, 0x64B) if code in known and chr(code) != TATWEEL]
    sides = list(itertools.product(("", TATWEEL), ("", TATWEEL)))
    texts = [
        before + letter + mark + after
        for letter in [*letters, *MORE_LETTERS]
        for mark in MARKS
        for before, after in sides
    ]
    for alef, mark, before in itertools.product("اأإآ", MARKS, ("", TATWEEL)):
        texts += [f"{before}ل{mark}{alef}", f"{before}ل{alef}{mark}"]
    return texts


def add_rules(font: TTFont, source: Path, keys: list[tuple[str, ...]]) -> None:
    """Behind the font's own rules of writing: letter and mark by their joined glyph, longest first."""
    rules = sorted(enumerate(keys), key=lambda rule: -len(rule[1]))
    lines = "\n".join(f"sub {' '.join(key)} by joined{number:04d};" for number, key in rules)
    other = TTFont(source)
    other.setGlyphOrder(font.getGlyphOrder())
    addOpenTypeFeaturesFromString(
        other, f"feature rlig {{ script arab; {lines} }} rlig;", tables=["GSUB"]
    )
    table, (lookup,) = font["GSUB"].table, other["GSUB"].table.LookupList.Lookup
    table.LookupList.Lookup.append(lookup)
    for record in table.FeatureList.FeatureRecord:
        numbers = record.Feature.LookupListIndex
        if record.FeatureTag == "rlig" and len(table.LookupList.Lookup) - 1 not in numbers:
            numbers.append(len(table.LookupList.Lookup) - 1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
