"""The colours of every picture, for light pages and dark ones, and for the colour-blind. Names and numbers; draws nothing, imports nothing.

Each has a contrast of 3 or more with white and with a dark page; any two stay apart in the three common kinds of colour-blindness (tests
hold both). Where it matters, a shape or a dash says the same again.
"""

from __future__ import annotations

from typing import Final

BOUGHT: Final = "#7458f2"
SOLD: Final = "#cc8100"
WON: Final = "#1c93e0"  # a target, a gain
LOST: Final = "#c83c34"  # a stop, a loss
REFUSED: Final = "#d436c0"
INK: Final = "#7c7c7c"  # words, axes, the market itself
ACCENT: Final = BOUGHT  # where a plot is about one thing
FAINT: Final = 0.18  # opacity of grids and backgrounds
SERIES: Final = (WON, SOLD, REFUSED, BOUGHT, LOST, INK)  # lines without a meaning of their own, in this order
LIGHT_PAGE: Final = "#ffffff"
DARK_PAGE: Final = "#16181d"

_RISE: Final = tuple(f"{round(255 * (step / 127) ** 0.5):02x}" for step in range(128))  # opacity by the root: small sizes are seen as well
BOOK_SHADES: Final = (*(SOLD + alpha for alpha in reversed(_RISE)), *(BOUGHT + alpha for alpha in _RISE))
REFUSED_SHADES: Final = tuple(f"{REFUSED}{alpha:02x}" for alpha in range(80, 256, 4))
