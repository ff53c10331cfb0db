"""Faults that a page may have, each a few lines, run under a guard in one process: ``python -m tests.pipelines.kernel.planted``. No test.

It prints, as JSON, what each was stopped with (empty: it went through). Written from what a page must not do, and not from what the guard
hears.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

LOG = "from pathlib import Path\nfrom workbench.store.log import read_log"
ARROW = "import pyarrow as pa, pyarrow.parquet as pq\ntable = pa.table({'a': [1]})"
# name -> (what the page does, what the sentence must name)
FAULTS: dict[str, tuple[str, str]] = {
    "a file": ('open(f"{ELSE}/prices.csv").read()', 'prices.csv"]'),
    "a file through pathlib": ('from pathlib import Path\nPath(ELSE, "prices.csv").read_text()', "[reads] files"),
    "a file through pandas": ('import pandas as pd\npd.read_csv(f"{ELSE}/prices.csv")', "prices.csv"),
    "a file through polars": ('import polars as pl\npl.read_csv(f"{ELSE}/prices.csv")', "prices.csv"),
    "a file scanned by polars": ('import polars as pl\npl.scan_parquet(f"{ELSE}/*.parquet")', "*.parquet"),
    "a file through numpy": ('import numpy as np\nnp.fromfile(f"{ELSE}/prices.csv", dtype="u1")', "prices.csv"),
    "a file through pyarrow": ('import pyarrow.parquet as pq\npq.read_table(f"{ELSE}/bars.parquet")', "bars.parquet"),
    "a system file": ('open("/etc/passwd").read()', "/etc/passwd"),
    "a swallowed refusal": ('try:\n    open(f"{ELSE}/prices.csv")\nexcept Exception:\n    pass', "prices.csv"),
    "a link": ('import os\nos.symlink(f"{ELSE}/prices.csv", f"{TMP}/link")\nopen(f"{TMP}/link").read()', "link"),
    "a way up": ('open(f"{OWN}/../../else/prices.csv").read()', "prices.csv"),
    "a table's files": ('open(f"{DATA}/bars/5s/20261119.parquet", "rb").read()', '"bars"'),
    "a journal by hand": ('import sqlite3\nsqlite3.connect(f"file:{DATA}/runs/a/journal.db?mode=ro", uri=True)', '"journal"'),
    "a table": ("from workbench.store.bars import read_bars\nfrom pathlib import Path\nread_bars(Path(DATA), 20261119, '5s')", '"bars"'),
    "a journal": ("from workbench.store.entries import head\nfrom pathlib import Path\nhead(Path(DATA, 'runs/a/journal.db'))", '"journal"'),
    "a later session": (f"{LOG}\nread_log(Path(DATA), 20261120)", 'session 20261120, later than the close of 20261119'),
    "a later session by hand": ('open(f"{DATA}/recordings/session=20261120/kind=1/a.parquet")', '[reads] as_of = "now"'),
    "another data folder": (f"{LOG}\nread_log(Path(ELSE), 20261119)", "parameter data"),
    "a Delta table": ('import deltalake\ndeltalake.DeltaTable(f"{ELSE}/table")', "else/table"),
    "a file written": ('open(f"{ELSE}/new", "w")', "writes"),
    "a file written beside the page": ('open(f"{OWN}/other.bin", "wb")', '[writes] files = ["other.bin"]'),
    "a write through pathlib": ('from pathlib import Path\nPath(ELSE, "new").write_text("")', "[writes] files"),
    "a copy by shutil": ('import shutil\nshutil.copy(f"{OWN}/said.csv", f"{ELSE}/new")', "new"),
    "a tree removed": ('import shutil\nshutil.rmtree(f"{ELSE}/table")', "else/table"),
    "a file moved": ('import os\nos.replace(f"{OWN}/said.csv", f"{ELSE}/new")', "new"),
    "a file removed": ('import os\nos.remove(f"{ELSE}/prices.csv")', "prices.csv"),
    "a folder made": ('import os\nos.makedirs(f"{ELSE}/a/b")', "else/a"),
    "a database written": ('import sqlite3\nsqlite3.connect(f"{ELSE}/new.db")', "new.db"),
    "a write through pyarrow": (f"{ARROW}\npq.write_table(table, f'{{ELSE}}/new.pq')", "new.pq"),
    "a write through polars": ('import polars as pl\npl.DataFrame({"a": [1]}).write_parquet(f"{ELSE}/new.pq")', "new.pq"),
    "a write through pandas": ('import pandas as pd\npd.DataFrame({"a": [1]}).to_parquet(f"{ELSE}/new.pq")', "new.pq"),
    "a Delta table written": (f"{ARROW}\nimport deltalake as d\nd.write_deltalake(f'{{ELSE}}/new', table)", "else/new"),
    "a picture written": ('from PIL import Image\nImage.new("L", (1, 1)).save(f"{ELSE}/new.png")', "new.png"),
    "a connection": ('import socket\nsocket.create_connection(("127.0.0.1", 9))', "127.0.0.1:9"),
    "a name looked up": ('import socket\nsocket.gethostbyname("example.com")', "example.com"),
    "a page of the web": ('import urllib.request\nurllib.request.urlopen("http://127.0.0.1:9/x", timeout=1)', "[reads] connections"),
    "a port opened": ('import socket\nsocket.socket().bind(("127.0.0.1", 0))', "connects"),
    "a process": ('import subprocess\nsubprocess.run(["git", "status"])', '[reads] programs = ["git"]'),
    "a shell": ('import os\nos.system("true")', '[reads] programs = ["true"]'),
    "a pipe to a process": ('import os\nos.popen("true")', "programs"),
    "a fork": ("import os\nif not os.fork():\n    os._exit(0)", "programs"),
    "a pool of processes": ("import multiprocessing\nmultiprocessing.get_context('fork').Process(target=print).start()", "programs"),
    "a signal": ("import os\nos.kill(os.getppid(), 10)", "signal"),
    "compiled code": ("import ctypes\nctypes.CDLL(None).getpid()", "ctypes"),
    "the environment": ('import os\nos.environ["BROKER_PASSWORD"]', "BROKER_PASSWORD"),
    "the environment, asked": ('import os\nos.getenv("HOME", "")', "HOME"),
    "the whole environment": ("import os\ndict(os.environ)", "environment"),
    "the environment of a process": ('open("/proc/self/environ").read()', "environ"),
}  # fmt: skip
# what a page may do, and libraries need
FINE: dict[str, str] = {
    "what it declared": 'assert open(f"{ELSE}/declared.csv").read() == "1"',
    "what it declared to write": 'open(f"{OWN}/said.csv", "w").write("1")',
    "temporary files": "import tempfile\nwith tempfile.TemporaryDirectory() as there:\n    open(f'{there}/a', 'w').close()",
    "a table it declared": f"{LOG}\nassert not len(read_log(Path(DATA), 20261119))",
    "modules": "import decimal, colorsys, this, workbench.research.leadlag.verdict",
    "compiled libraries": "import llvmlite.binding, cffi, numpy.ctypeslib",
    "pictures": "import matplotlib\nmatplotlib.use('agg')\nimport matplotlib.pyplot as plt\nplt.figure().savefig(f'{TMP}/a.png')",
    "time zones": "from zoneinfo import ZoneInfo\nZoneInfo('America/New_York')",
    "a database in memory": "import sqlite3\nsqlite3.connect(':memory:').close()",
    "folders of its own": "from workbench.pipelines.kernel import own_folder\nassert str(own_folder()) == OWN",
    "the machine's name": "import platform\nplatform.platform()",
    "threads and loops": "import asyncio, threading\nthreading.Thread(target=lambda: asyncio.run(asyncio.sleep(0))).start()",
}


def main(root: str) -> None:
    from workbench.pipelines.kernel import OWN as VARIABLE
    from workbench.pipelines.kernel.compiled import ask_before
    from workbench.pipelines.kernel.guard import Guard, Undeclared, watch_environment
    from workbench.pipelines.kernel.rules import Rules, usual_places

    folders = {name: os.path.realpath(Path(root, name.lower())) for name in ("ELSE", "DATA", "TMP", "OWN")}
    for folder in folders.values():
        Path(folder).mkdir()
    for name in ("prices.csv", "declared.csv"):
        Path(folders["ELSE"], name).write_text("1")
    os.environ |= {VARIABLE: folders["OWN"], "TMPDIR": folders["TMP"]}
    read, code, caches = usual_places()
    files = (f"{folders['ELSE']}/declared.csv",)
    rules = Rules(
        tables=("recordings",), data=(folders["DATA"],), read=read, code=code, write=(*caches, folders["TMP"]), files=files,
        as_of=20261119, writes=("said.csv",), own=folders["OWN"], told=f"{root}/told",
    )  # fmt: skip
    guard = Guard(rules)
    watch_environment(guard)
    ask_before(guard)
    guard.install()
    told = {}
    for name, source in [*((name, FINE[name]) for name in FINE), *((name, FAULTS[name][0]) for name in FAULTS)]:
        cell: dict[str, Any] = {"__name__": "__main__", **folders}
        code_of = compile(source, f"<{name}>", "exec")
        guard.breach, guard.is_on, broke = "", True, ""
        try:
            exec(code_of, cell)
        except Undeclared:
            pass
        except Exception as error:  # noqa: BLE001  it is told
            broke = f"{type(error).__name__}: {error}"
        finally:
            guard.is_on = False
        told[name] = guard.breach or broke
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1])
