"""Colours read on light pages and on dark ones, and stay apart for the colour-blind."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from workbench.research import palette
from workbench.research.palette import BOUGHT, DARK_PAGE, INK, LIGHT_PAGE, LOST, REFUSED, SOLD, WON

MEANINGS = {"bought": BOUGHT, "sold": SOLD, "won": WON, "lost": LOST, "refused": REFUSED, "ink": INK}
SEEN = {  # how linear RGB is seen; Machado, Oliveira and Fernandes (2009), IEEE TVCG 15(6), severity 1
    "all": np.eye(3),
    "no red": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "no green": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "no blue": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}
TO_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])


def linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio."""
    dark, light = sorted(float(TO_XYZ[1] @ linear(colour)) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE 1976 L*a*b*, white D65."""
    xyz = TO_XYZ @ np.clip(rgb, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("name", MEANINGS)
@pytest.mark.parametrize("page", [LIGHT_PAGE, DARK_PAGE])
def test_every_colour_reads_on_light_and_on_dark(name: str, page: str) -> None:
    assert contrast(MEANINGS[name], page) >= 3.0  # WCAG 2.2, 1.4.11: graphical objects


@pytest.mark.parametrize("eyes", SEEN)
def test_no_two_colours_look_alike_to_anybody(eyes: str) -> None:
    for (name, one), (other_name, other) in combinations(MEANINGS.items(), 2):
        apart = float(np.linalg.norm(lab(SEEN[eyes] @ linear(one)) - lab(SEEN[eyes] @ linear(other))))
        assert apart >= 15, f"{name} and {other_name} are {apart:.0f} apart"  # 2.3 is just noticed side by side


def test_shades_begin_with_nothing_and_end_with_the_colour() -> None:
    assert palette.BOOK_SHADES[0] == f"{SOLD}ff" and palette.BOOK_SHADES[-1] == f"{BOUGHT}ff"
    middle = len(palette.BOOK_SHADES) // 2
    assert palette.BOOK_SHADES[middle - 1] == f"{SOLD}00" and palette.BOOK_SHADES[middle] == f"{BOUGHT}00"
    assert all(shade.startswith(REFUSED) for shade in palette.REFUSED_SHADES)
