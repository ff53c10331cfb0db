"""vectorbt over the bars of row 16, several configurations at once: crosses of two means, filled at the next open. Its own process.

Started as ``run_vectorbt.py FILE``: rows open, close [USD of a contract]. A line of pairs ``[[fast, slow], ...]`` is one round.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import vectorbt as vbt

opened, close = np.load(sys.argv[1])
index = pd.date_range("2020-01-01", periods=len(close), freq="1min")
price, fill = pd.Series(close, index), pd.Series(opened, index).shift(-1)


def profits(pairs):
    fast = vbt.MA.run(price, [pair[0] for pair in pairs], short_name="fast")
    slow = vbt.MA.run(price, [pair[1] for pair in pairs], short_name="slow")
    up, down = fast.ma_crossed_above(slow), fast.ma_crossed_below(slow)
    made = vbt.Portfolio.from_signals(price, up, down, short_entries=down, short_exits=up, price=fill, size=1, init_cash=np.inf)
    return np.asarray(made.total_profit(), float).reshape(-1)


profits([[3, 9], [4, 9]])  # compiles
print(json.dumps({"ready": len(close)}), flush=True)
for line in sys.stdin:
    wall, cpu = time.perf_counter(), time.process_time()
    told = profits(json.loads(line))
    took = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    peak = next(each for each in Path("/proc/self/status").read_text().splitlines() if each.startswith("VmHWM:"))
    print(json.dumps(took | {"usd": told.tolist(), "peak_mb": int(peak.split()[1]) / 1024}), flush=True)
