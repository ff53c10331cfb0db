"""The story of an order, step by step from what left to what it stood on. Values and their words; reads nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

WIDE: Final = 140


class Step(NamedTuple):
    """One step: what it is about, in words, and as values for a program. ``is_known``: whether the journal or the stores say it."""

    what: str
    said: str
    values: Mapping[str, Any]
    is_known: bool = True


class Story(NamedTuple):
    """The whole of it; ``title`` names order, session, run and journal."""

    title: str
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        wide = max(len(step.what) for step in self.steps)
        lines = [self.title]
        for step in self.steps:
            head = f"  {step.what:<{wide}}  "
            lines += textwrap.wrap(f"{head}{step.said}", WIDE, subsequent_indent=" " * len(head), break_long_words=False)
        return "\n".join(lines)

    def step(self, what: str) -> Step:
        """Give the step about something."""
        return next(step for step in self.steps if step.what == what)

    def with_step(self, step: Step) -> Story:
        """Give the story with one step more at its end."""
        return self._replace(steps=(*self.steps, step))

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {"title": self.title, **{step.what: {**step.values, "said": step.said, "is_known": step.is_known} for step in self.steps}}
