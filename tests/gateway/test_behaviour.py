"""The broker's words and the gateway's are the same words."""

from __future__ import annotations

import re

from workbench.gateway import behaviour
from workbench.simulation.broker import texts


def test_a_code_has_one_text() -> None:
    blank = re.compile(r"\{\w+\}")
    said = {pair[0]: pair[1] for pair in vars(texts).values() if isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], int)}
    both = {code for code in said if code in behaviour.TEXTS} - {321, 399}  # whose letters and lines are filled in elsewhere
    assert len(both) > 8
    assert {code: blank.sub("", said[code]) for code in both} == {code: blank.sub("", behaviour.TEXTS[code]) for code in both}
