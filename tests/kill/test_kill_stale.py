"""A run stopped by SIGSTOP while somebody else begins or acts: two never trade, and one that wakes behind a fence sends nothing more."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from tests.kill.lives import Lives
from tests.kill.tether import Child
from tests.simulation.disaster.world import ACCOUNT
from workbench.store.fence import Fence

pytestmark = [pytest.mark.covers("S2-32")]
LONG_S = 16.0  # three bars: a run that may send does


class Frozen(Lives):
    """A run that is stopped while it holds something. ``n_woken`` counts what it sent in a while after it was woken."""

    n_woken = 0
    refused = ""

    async def story(self) -> None:
        child = self.fork(None)
        while not self.holds():
            await asyncio.sleep(0.25)
        child.freeze()
        await asyncio.sleep(0.5)
        await self.meanwhile()
        before = self.n_sent
        child.thaw()
        await asyncio.sleep(LONG_S)
        self.n_woken = self.n_sent - before
        await self.afterwards(child)

    async def meanwhile(self) -> None:
        """What happens while it is stopped."""

    async def afterwards(self, child: Child) -> None:
        """It ends by itself, when all is settled."""
        self.ends.append((await child.over, child.said))

    async def refusal(self, data: Path) -> str:
        """Start another over a folder; give the sentence by which it ends."""
        mine, self.data = self.data, data
        other = self.fork(None)
        self.data = mine
        status = await other.over
        assert os.WEXITSTATUS(status) == 1 and other.said[0] == "StoreError", other.said
        return str(other.said[1])


def test_a_run_that_was_stopped_and_woken_goes_on(tmp_path: Path) -> None:
    lives = Frozen(tmp_path / "data", [])
    lives.run().must_be_whole()
    assert lives.n_woken > 0


class Successor(Frozen):
    """Somebody starts a second run in the very folder."""

    async def meanwhile(self) -> None:
        self.refused = await self.refusal(self.data)


@pytest.mark.covers("S3-36")
def test_a_second_start_beside_a_stopped_run_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    lives = Successor(tmp_path / "data", [])
    lives.run().must_be_whole()
    assert "another run" in lives.refused and lives.n_woken > 0


class Copied(Frozen):
    """Somebody copies the folder, and starts a run in the copy."""

    async def meanwhile(self) -> None:
        copy = self.data.with_name("copy")
        shutil.copytree(self.data, copy)
        self.refused = await self.refusal(copy)


def test_a_start_in_a_copied_folder_beside_a_stopped_run_is_refused(tmp_path: Path) -> None:
    lives = Copied(tmp_path / "data", [])
    lives.run().must_be_whole()
    assert "another runner" in lives.refused and lives.n_woken > 0


class Fenced(Frozen):
    """A guardian raises the fence, and lowers it long after: the token is another's by then, or nobody's."""

    async def meanwhile(self) -> None:
        self.fence = Fence(self.data, ACCOUNT)
        self.fence.put_up()

    async def afterwards(self, child: Child) -> None:
        self.fence.let_go()
        before = self.n_sent
        await asyncio.sleep(LONG_S)
        self.n_woken += self.n_sent - before
        child.kill()
        self.ends.append((await child.over, None))
        await self.live(None)


def test_a_run_that_wakes_behind_a_fence_sends_nothing_more(tmp_path: Path) -> None:
    lives = Fenced(tmp_path / "data", [])
    lives.run()
    assert lives.n_woken == 0
    lives.must_be_whole()
