"""The bundle of a tour: one zip with what differs, the masked conversation and a README. Nothing that is not masked is written."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from workbench.runtime.proof.compare import Difference
from workbench.runtime.proof.masked import masked
from workbench.runtime.proof.talk import Conversation
from workbench.store.whole import write_whole

README: Final = """# A tour of a paper TWS

Made by `workbench prove`: one contract ({root}), server version {version}, {n_frames:,} frames in {seconds:.0f} s, {n} differences from the
simulated gateway.

- `differences.txt`: one line each: part of the tour, message and field, what this TWS sent, what the gateway would have sent.
- `conversation.jsonl`: a line a frame of either direction, with seconds since the greeting. Frames that are the same for everybody
  (contracts, hours) and those of the tour's own orders stand whole; of all others each field is told by its form alone.
- `orders.txt`: the life of each order of the tour as its reports told it.

Masked: account ids (`ACCOUNT1` ...), permanent ids (`PERM1` ...), every amount of money, every position, fill and order that is not the
tour's, quotes, bars and ticks, and the numbers in IB's sentences. Left: the tour's own limit prices, 5 % off the market, the contract, the
time, the zone TWS runs in. Read it before you give it away: it is text.

{notes}
"""


def write(path: Path, root: str, talk: Conversation, found: Sequence[Difference], lives: dict[str, list[str]]) -> Path:
    """Write the zip, whole or not at all."""
    seconds = talk.frames[-1].at_s if talk.frames else 0.0
    notes = "\n".join(f"- {each}" for each in talk.notes)
    readme = README.format(root=root, version=talk.version, n_frames=len(talk.frames), seconds=seconds, n=len(found), notes=notes)
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.md", readme)
        archive.writestr("differences.txt", "".join(f"{each.stop}: {each.line}\n" for each in found) or "none\n")
        archive.writestr("orders.txt", "".join(f"{name}: {' > '.join(life)}\n" for name, life in lives.items()))
        archive.writestr("conversation.jsonl", "".join(f"{json.dumps(line)}\n" for line in masked(talk)))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, body.getvalue())
    return path
