"""Where the recordings of a data folder lie, if not in it: an address on an object store, kept in the folder. Holds no key and no secret.

That it stands in the folder, and is not looked up in settings each time, makes sealer, readers and notebooks agree, wherever they were
started. Keys come from the environment or the machine's role, never from here.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any, Final

import msgspec

from workbench.config import Settings
from workbench.domain.errors import StoreError
from workbench.store import delta_log
from workbench.store.folders import Folders
from workbench.store.versions import FORMATS, refuse_newer
from workbench.store.whole import trouble, write_whole

# A store that does not answer is told of within seconds: whoever asked tries again by itself, and the tail keeps what is new meanwhile.
CONNECT_S: Final = 5
ANSWER_S: Final = 60
RETRY_S: Final = 30
N_RETRIES: Final = 3


class Place(msgspec.Struct, frozen=True):
    """An address, and whose records lie there. ``owner`` is the data folder's own mark: the table carries it too."""

    url: str
    endpoint: str
    region: str
    owner: str
    format: int = FORMATS["place"]

    @property
    def options(self) -> dict[str, str]:
        """What Delta Lake needs to be told; what is not said here (keys above all) it takes from the environment.

        >>> Place("s3://lake/desk", "http://127.0.0.1:9000", "", "1").options["AWS_ALLOW_HTTP"]
        'true'
        """
        return self._of_store() | {
            "conditional_put": "etag",  # a commit is made only where none of its number is: no two writers take the same one
            "max_retries": str(N_RETRIES),
            "retry_timeout": f"{RETRY_S}s",
            "connect_timeout": f"{CONNECT_S}s",
            "timeout": f"{ANSWER_S}s",
        }

    @property
    def scan_options(self) -> dict[str, Any]:
        """The same for the scanner, which has names of its own for some."""
        limits = {"max_retries": N_RETRIES, "retry_timeout_ms": RETRY_S * 1_000}
        return self._of_store() | limits | {"connect_timeout": f"{CONNECT_S}s", "timeout": f"{ANSWER_S}s"}

    def _of_store(self) -> dict[str, str]:
        told = {"AWS_ENDPOINT_URL": self.endpoint, "AWS_REGION": self.region}
        told["AWS_ALLOW_HTTP"] = "true" if self.endpoint.startswith("http://") else ""
        return {name: value for name, value in told.items() if value}


def place_of(data: Path) -> Place | None:
    """Read where the recordings of a data folder lie; `None`: in it.

    Raises
    ------
    StoreError
        If the file cannot be read, or is of a newer format.
    """
    path = Folders(data).place
    with trouble(f"reading {path}"):
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
    try:
        found = msgspec.json.decode(content, type=Place)
    except msgspec.DecodeError as error:
        raise StoreError(f"{path} is damaged: {error}; restore it from a backup (workbench backup copies it)") from error
    refuse_newer("place", found.format, path)
    return found


def settle_as_told(data: Path, settings: Settings) -> Place | None:
    """Do what the settings say, if this is their data folder: another one keeps its recordings where they are."""
    told = settings.recordings
    if not told.url or settings.data_path.resolve() != data.resolve():
        return place_of(data)
    return settle(data, told.url, endpoint=told.endpoint, region=told.region)


def settle(data: Path, url: str, *, endpoint: str = "", region: str = "") -> Place:
    """Let the recordings of a data folder lie at an address, from now on. Said again, nothing changes but how it is reached.

    Raises
    ------
    StoreError
        If records lie elsewhere already: they are never left behind in silence.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as data:
    ...     place = settle(Path(data), "s3://lake/desk/")
    ...     place.url, place_of(Path(data)) == place
    ('s3://lake/desk', True)
    """
    url, known, here = url.rstrip("/"), place_of(data), Folders(data).recordings
    if known is not None and known.url != url:
        raise StoreError(
            f"the recordings of {data} lie at {known.url}, the setting recordings.url says {url}: copy them there with the store's own "
            f"tools while nothing runs, then write the new address into {Folders(data).place}; or take the setting back"
        )
    if known is None and delta_log.newest(here) >= 0:
        raise StoreError(
            f"the setting recordings.url says {url}, but {here} holds recordings: copy that folder to {url}/records with the store's own "
            f"tools while nothing runs, move it away, and begin again; or take the setting back"
        )
    place = Place(url, endpoint, region, known.owner if known is not None else uuid.uuid4().hex)
    if place != known:
        write_whole(Folders(data).place, msgspec.json.format(msgspec.json.encode(place), indent=1) + b"\n")
    return place
