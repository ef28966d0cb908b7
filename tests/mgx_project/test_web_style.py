"""The colours of the design system can be read: WCAG 2.2, contrast of at least 4.5 for text, in both themes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[2] / "mgx_project/web/static/web/base.css").read_text("utf-8")
TEXT_ON = (
    *((text, back) for text in ("text", "muted", "accent") for back in ("page", "panel", "sunken", "chosen")),
    *((tone, f"{tone}-back") for tone in ("good", "warn", "bad", "busy")),
    *(("text", f"{tone}-back") for tone in ("good", "bad")),  # lines of a diff
    *((tone, back) for tone in ("good", "bad") for back in ("panel", "sunken")),
    ("on-accent", "accent"),
    ("page", "text"),
)


def tokens(theme: str) -> dict[str, str]:
    light, dark = CSS.split("@media (prefers-color-scheme: dark)", 1)
    found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", light))
    return found if theme == "light" else found | dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", dark.split("\n}\n", 1)[0]))


def luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_on_every_ground(theme: str) -> None:
    colours = tokens(theme)
    weak = {f"{text} on {back}": round(contrast(colours[text], colours[back]), 2) for text, back in TEXT_ON}
    assert {pair: value for pair, value in weak.items() if value < 4.5} == {}
    assert contrast(colours["edge"], colours["panel"]) >= 3, "the edge of a field"


def test_there_are_four_sizes_of_type() -> None:
    assert len(re.findall(r"^  --(?:small|base|large|title): ", CSS, re.MULTILINE)) >= 1
    sizes = set(re.findall(r"--(?:small|base|large|title): ([\d.]+rem)", CSS))
    assert len(sizes) == 4
    others = [line for line in CSS.splitlines() if re.search(r"font-size: (?!var\()", line)]
    assert others == []
