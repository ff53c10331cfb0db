"""What the tests of the stores share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.store.objects import NOBODY, ObjectStore


@pytest.fixture(scope="module")
def objects() -> Iterator[ObjectStore]:
    """One store for a file of tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"):
            patch.delenv(name, raising=False)
        for name, value in NOBODY.items():
            patch.setenv(name, value)
        store = ObjectStore()
        yield store
        store.go()
