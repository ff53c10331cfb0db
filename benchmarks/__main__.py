"""All rows, each in a process of its own, then the table: ``python -m benchmarks [--quick] [row ...]``. Measures nothing itself."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from benchmarks.rounds import Line

HERE = Path(__file__).parent


def main() -> int:
    rows = {int(path.stem[3:5]): path.stem for path in sorted(HERE.glob("row[0-9][0-9]_*.py"))}
    parser = argparse.ArgumentParser(prog="make bench", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--quick", action="store_true", help="leave out peers that need an environment of their own")
    parser.add_argument("rows", nargs="*", type=int, default=[], help=f"numbers of rows, of {', '.join(map(str, rows))}; default: all")
    chosen = parser.parse_args()
    unknown = sorted(set(chosen.rows) - set(rows))
    if unknown:
        parser.error(f"there is no row {', '.join(map(str, unknown))}; there are {', '.join(map(str, rows))}")
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, {_processor()}, Python {platform.python_version()}", flush=True)
    lines, failed = [], []
    with tempfile.TemporaryDirectory() as folder:
        for row in chosen.rows or rows:
            out = Path(folder) / f"{row}.json"
            command = [sys.executable, "-m", f"benchmarks.{rows[row]}", "--out", str(out), *(["--quick"] if chosen.quick else [])]
            if subprocess.run(command, check=False).returncode:
                failed.append(rows[row])
            else:
                lines += msgspec.json.decode(out.read_bytes(), type=list[Line])
    print("\n" + table(lines))
    if failed:
        print(f"\nfailed: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


def table(lines: list[Line]) -> str:
    """Write results as a table in Markdown."""
    marks = {True: "yes", False: "**no**", None: ""}
    text = ["| # | what | anchor | ours | result | worst round | bar | goal |", "|---|---|---|---|---|---|---|---|"]
    for line in lines:
        sign = ">=" if line.more_is_better else "<="
        result = "" if line.ratio is None else f"{line.ratio:.3g} {line.unit}"
        worst = "" if line.worst is None else f"{line.worst:.3g}"
        held = ["" if wanted is None else f"{sign} {wanted:g}: {marks[line.reaches(wanted)]}" for wanted in (line.bar, line.goal)]
        text.append("| " + " | ".join([str(line.row), line.what, line.anchor, line.ours, result, worst, *held]) + " |")
    return "\n".join(text)


def _processor() -> str:
    about = Path("/proc/cpuinfo")
    if not about.exists():
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in about.read_text().splitlines() if line.startswith("model name")), "unknown")


if __name__ == "__main__":
    sys.exit(main())
