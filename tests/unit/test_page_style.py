"""The style of the pages: contrast after WCAG 2.2 AA in both colour schemes, and motion only where it is welcome."""

from __future__ import annotations

import re
from itertools import product

import pytest

from le_auth.pages import TEMPLATES

STYLE = (TEMPLATES / "style.css").read_text(encoding="utf-8")
PALETTES = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)


def schemes() -> dict[str, dict[str, str]]:
    """Read {scheme: {custom property: six hex digits}}."""
    colours = (dict(re.findall(r"--([\w-]+): #([0-9a-f]{6});", rule)) for rule in PALETTES)
    return dict(zip(("light", "dark"), colours, strict=True))


def luminance(colour: str) -> float:
    """Give the relative luminance, 0 to 1 (WCAG 2.2)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


TEXT_ON = [
    *product(("ink", "muted"), ("card", "page", "wash")),
    *product(("on-accent",), ("accent", "accent-strong")),
    *((tone, f"{tone}-soft") for tone in ("good", "warn", "quiet")),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_text_has_the_contrast_of_wcag_aa(text: str, ground: str, scheme: str) -> None:
    colours = schemes()[scheme]

    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["card", "page"])
def test_buttons_and_the_focus_ring_stand_out_as_wcag_aa_asks(ground: str, scheme: str) -> None:
    colours = schemes()[scheme]

    assert contrast(colours["accent"], colours[ground]) >= 3


def test_both_schemes_set_every_colour_of_their_own() -> None:
    used = set(re.findall(r"var\(--([\w-]+)\)", STYLE))

    light, dark = (set(re.findall(r"--([\w-]+):", rule)) for rule in PALETTES)

    assert used == light == dark


def test_motion_stands_only_where_the_person_has_not_asked_for_less() -> None:
    always, _, with_motion = STYLE.partition("@media (prefers-reduced-motion: no-preference)")

    assert "transition" in with_motion
    assert not re.search(r"transition|animation", always)
