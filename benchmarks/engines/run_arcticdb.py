"""ArcticDB appending records in chunks of 100,000: a program for its own environment; it imports nothing of the workbench.

``python run_arcticdb.py records.npy``; then each line on stdin is one run into a new library, answered by one line of JSON.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from arcticdb import Arctic

CHUNK = 100_000


def frames(path: Path) -> list[pd.DataFrame]:
    records, made = np.load(path), []
    for at in range(0, len(records), CHUNK):
        part = records[at : at + CHUNK]
        columns = {name: np.ascontiguousarray(part[name]) for name in part.dtype.names if name != "recv_ns"}
        made.append(pd.DataFrame(columns, index=pd.DatetimeIndex(part["recv_ns"].view("M8[ns]"), name="recv_ns")))
    return made


def play(parts: list[pd.DataFrame], folder: Path) -> dict:
    library = Arctic(f"lmdb://{folder}?map_size=4GB").get_library("ticks", create_if_missing=True)
    wall, cpu = time.perf_counter(), time.process_time()
    for part in parts:
        library.append("ES", part)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"wall_s": wall, "cpu_s": cpu, "n_events": sum(map(len, parts))}


def main(path: str) -> None:
    parts = frames(Path(path))
    print(json.dumps({"ready": len(parts)}), flush=True)
    for n, _ in enumerate(sys.stdin):
        print(json.dumps(play(parts, Path(path).parent / f"arctic-{n}")), flush=True)


main(sys.argv[1])
