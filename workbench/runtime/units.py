"""The long-lived processes as units of systemd, of a user who needs no root. Text only: writes no file, starts nothing.

Why they are as they are
------------------------
1. ``KillMode=process``: a stop reaches the process alone. A runner that is killed leaves its guardian, which is when that is needed; a
   scheduler leaves the pages that are under way, which the next one finds and neither cuts nor runs twice.
2. What is meant wrong (exit code 2) is not tried again: no restart mends a setting. Anything else is, five times in ten minutes.
3. ``PrivateTmp`` where nothing in ``/tmp`` is shared: an account's lock lies there, and a page that goes on would lose its folder with the
   unit. ``ProtectSystem`` and ``PrivateTmp`` need a user namespace in a user's unit (``PrivateUsers``), which a runner and a scheduler do
   without: they look at processes that others have left.
4. No ``WatchdogSec``: nobody here notifies systemd. The guardian watches the runner, the notifier tells of both.
5. No ``MemoryDenyWriteExecute``: numba compiles.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

PREFIX: Final = "workbench-"
SAFE: Final = re.compile(r"[\w./%$+:@=-]+")
SECRETS: Final = "%E/workbench/environment"  # %E: ~/.config
UNIT: Final = """# {what}
# Written by `workbench service write`; write it anew rather than changing it (`systemctl --user edit {name}` for what is your own).
[Unit]
Description=Futures workbench: {what}
{after}StartLimitIntervalSec=600
StartLimitBurst=5

[Service]
Type=exec
WorkingDirectory={folder}
EnvironmentFile=-{secrets}
ExecStartPre={python} -m workbench service check {secrets}
ExecStart={python} -m workbench {words}
Restart=on-failure
RestartSec={restart_s}
RestartPreventExitStatus=2
KillMode={kill_mode}
KillSignal=SIGTERM
TimeoutStopSec={stop_s}
StandardOutput=journal
StandardError=journal
SyslogIdentifier={name}
UMask=0077
NoNewPrivileges=yes
LockPersonality=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
{own}
[Install]
WantedBy=default.target
"""
APART: Final = """PrivateUsers=yes
PrivateTmp=yes
ProtectSystem=full
ProtectControlGroups=yes
ProtectKernelTunables=yes
"""


class Kind(NamedTuple):
    """A process: what it does, how it is called, its kind of unit."""

    what: str
    words: str
    is_apart: bool
    kill_mode: str = "process"
    restart_s: int = 5
    stop_s: int = 60
    after: str = ""


KINDS: Final = {
    "scheduler": Kind("runs promoted pages when they are due", "schedule run", is_apart=False),
    "recorder": Kind("records the market", "record", is_apart=True),
    "runner": Kind("trades the paper account", "paper", is_apart=False, after="guardian"),
    "guardian": Kind("watches the runner, and makes flat what nobody looks after", "guardian", is_apart=False, restart_s=1),
    "dashboard": Kind("shows what trades", "dashboard --no-open", is_apart=True, kill_mode="mixed", stop_s=15),
}


class Place(NamedTuple):
    """Where the workbench runs: its Python, the folder that settings are found from, the data folder."""

    python: Path
    folder: Path
    data: Path


def unit(kind: str, place: Place) -> str:
    r"""Write the unit of a process.

    Examples
    --------
    >>> text = unit("runner", Place(Path("/opt/wb 1/bin/python"), Path("/srv/me/trading"), Path("/srv/me/100% data")))
    >>> print("\n".join(line for line in text.splitlines() if line.startswith(("ExecStart=", "KillMode", "Restart="))))
    ExecStart="/opt/wb 1/bin/python" -m workbench paper --data "/srv/me/100%% data"
    Restart=on-failure
    KillMode=process
    """
    of = KINDS[kind]
    return UNIT.format(
        what=of.what, name=name_of(kind), folder=_plain(place.folder), secrets=SECRETS,
        python=_quoted(place.python), words=f"{of.words} --data {_quoted(place.data)}", restart_s=of.restart_s, kill_mode=of.kill_mode,
        stop_s=of.stop_s, own=APART if of.is_apart else "", after=f"After={name_of(of.after)}.service\n" if of.after else "",
    )  # fmt: skip


def name_of(kind: str) -> str:
    """Name the unit of a process, without its ending."""
    return f"{PREFIX}{kind}"


def _plain(path: Path) -> str:
    """Write a path as a whole line takes it: a percent sign begins a specifier."""
    return str(path).replace("%", "%%")


def _quoted(path: Path) -> str:
    """Write a path as a word of a command line takes it."""
    text = _plain(path).replace("$", "$$")
    return text if SAFE.fullmatch(text) else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
