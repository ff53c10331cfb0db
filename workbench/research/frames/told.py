"""The runs of a session, as a tuple that shows itself in a few lines instead of whole manifests. Values only; reads no store."""

from __future__ import annotations

from workbench.store.manifest import RunManifest


class Runs(tuple[RunManifest, ...]):
    """Manifests of runs, the oldest first: a tuple, ``runs[0].run`` is a name for ``open_session(..., run=NAME)``.

    Examples
    --------
    >>> Runs([RunManifest(run="20261119-import-1", mode="import", sessions=(20261119,), epoch=1, created_ns=0, is_closed=True),
    ...       RunManifest(run="20261119-simulate-1", mode="simulate", sessions=(20261119,), epoch=0, created_ns=0, profile="mine",
    ...                   traders=(("absorb", ""), ("learned", "flow_1m")), is_closed=True)])
    run                  mode      profile  traders                  ended
    20261119-import-1    import    -        -                        yes
    20261119-simulate-1  simulate  mine     absorb, learned:flow_1m  yes
    """

    __slots__ = ()

    def __repr__(self) -> str:
        rows = [("run", "mode", "profile", "traders", "ended"), *(_row(run) for run in self)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)

    __str__ = __repr__


def _row(run: RunManifest) -> tuple[str, ...]:
    traders = ", ".join(":".join(filter(None, pair)) for pair in run.traders)
    return run.run, run.mode, run.profile or "-", traders or "-", "yes" if run.is_closed else "no"
