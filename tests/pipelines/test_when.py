"""Words that say when a page runs come back as they were meant, or are refused with examples."""

from __future__ import annotations

import pytest

from workbench.domain.errors import ConfigError
from workbench.pipelines.when import EXAMPLES, read


@pytest.mark.parametrize("text", EXAMPLES.split(", "))
def test_what_is_read_is_written_as_it_is_read(text: str) -> None:
    assert read(str(read(text))) == read(text) == read(f"  {text.upper()} ")


@pytest.mark.parametrize("text", ["", "noon", "close+", "close+25h", "open every 5m until maintenance", "maintenance+61m", "every 0m"])
def test_words_that_mean_nothing_are_refused_with_examples(text: str) -> None:
    with pytest.raises(ConfigError, match="when: "):
        read(text)
