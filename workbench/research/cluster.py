"""The same work on many things: here, one after another, or on the machines of a cluster. An existing engine does it: dask.distributed.

Setting ``compute.address`` names the scheduler, ``tcp://10.0.0.5:8786``; empty is here. Every machine must have this very workbench (held
against ours by digest, since what runs there must decide as it does here) and must see the same data folder under the same path.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from workbench.domain.errors import ConfigError, WorkbenchError
from workbench.store.digests import code_digest

CONNECTS_S: Final = 10.0

T = TypeVar("T")
R = TypeVar("R")


class Ended(NamedTuple):
    """How a command of the workbench ended on some machine."""

    code: int
    out: str
    err: str


def spread(work: Callable[[T], R], items: Iterable[T], *, address: str = "", done: Callable[[int], object] = lambda _: None) -> list[R]:
    """Do the same to each of some things, and give what came of them in their order.

    Parameters
    ----------
    work
        A function of a module both sides can import, that changes nothing: it is done again where a worker dies.
    address
        Of a scheduler; empty: in this process.
    done
        Hears how many are done.

    Raises
    ------
    ConfigError
        No scheduler answers there, or a worker has another workbench than this one.
    WorkbenchError
        Workers died again and again under the same piece of work. What `work` itself raises comes through as it is.

    Examples
    --------
    >>> spread(abs, (-2, 3))
    [2, 3]
    """
    given = list(items)
    if not address:
        made: list[R] = []
        for n, item in enumerate(given, 1):
            made.append(work(item))
            done(n)
        return made
    return _spread(work, given, address, done)


def command(words: Sequence[str], *, address: str) -> Ended:
    """Run ``workbench WORDS`` on some machine of a cluster, in a process of its own.

    Raises
    ------
    ConfigError, WorkbenchError
        As `spread`.
    """
    return spread(_command, [tuple(words)], address=address)[0]


def _command(words: tuple[str, ...]) -> Ended:
    line = [sys.executable, "-m", "workbench", *words]
    ended = subprocess.run(line, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)  # noqa: S603  ourselves
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def _spread(work: Callable[[T], R], given: list[T], address: str, done: Callable[[int], object]) -> list[R]:
    import distributed
    from distributed import KilledWorker

    untyped: Any = distributed
    try:
        client = untyped.Client(address, timeout=CONNECTS_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"compute.address is {address}, and no scheduler answers there ({error}); "
            "start one (`dask scheduler`) with workers (`dask worker ADDRESS`), or take the setting away to compute here"
        ) from error
    with client:
        _must_be_ours(client, address)
        futures = client.map(work, given, pure=False, key=[f"workbench-{n}" for n in range(len(given))])
        try:
            for n, future in enumerate(untyped.as_completed(futures, loop=client.loop), 1):
                if future.status == "error":
                    raise _of(future)
                done(n)
            return list(client.gather(futures))
        except KilledWorker as error:
            raise WorkbenchError(f"workers of {address} died again and again under the same piece of work: {error}") from error
        finally:
            client.cancel(futures)


def _of(future: Any) -> BaseException:
    error = future.exception()
    assert isinstance(error, BaseException)  # it has failed
    return error


def _must_be_ours(client: Any, address: str) -> None:
    """Refuse workers that would decide otherwise than we do."""
    client.wait_for_workers(1, timeout=CONNECTS_S)
    ours = code_digest()
    others = sorted(worker for worker, theirs in client.run(code_digest).items() if theirs != ours)
    if others:
        raise ConfigError(f"of the workers of {address} {', '.join(others)} has another workbench than this one: install the same there")


def sees(folder: Path, *, address: str) -> bool:
    """Say whether a machine of the cluster sees a folder under the same path."""
    return spread(Path.is_dir, [folder], address=address)[0]
