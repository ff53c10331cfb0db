"""What has no place in a page is found under whatever name it goes; what is allowed in one cell is not in another."""

from __future__ import annotations

import pytest

from workbench.pipelines.contract import Cell, PipelineSettings, Reads, findings, order

PLAIN = PipelineSettings(owner="tests", by="n")
ARTEFACT = PipelineSettings(owner="tests", by="n", effects="artefact")


def rules_of(source: str, tag: str = "work", settings: PipelineSettings | None = None) -> list[str]:
    found = findings([Cell(1, "code", tag, source)], settings)
    assert all(each.remedy and each.at == 1 and each.line for each in found)
    return [each.rule for each in found]


@pytest.mark.parametrize(
    ("source", "rules"),
    [
        ("from datetime import datetime\nnow = datetime.now\nat = now()", ["clock", "clock"]),
        ("import datetime\nat = datetime.datetime.now().date()", ["clock"]),
        ("from datetime import datetime as d\nx = d(2026, 1, 1)\nx.today", []),
        ("import time as t\nfrom t2 import time\nt.time_ns()", ["clock"]),
        ("import time\ndef f(time):\n    return time.time()", []),
        ("import time\nx = [time.time for time in []]", []),
        ("import time\ntime = 3\nx = time.time", []),
        ("import time\nx = time.monotonic(), time.perf_counter()", []),
        ("import time\nx = time.__dict__['time']()", ["clock"]),
        ("import random\nrandom.shuffle([])", ["random"]),
        ("import random\nrandom.seed(3)\nrandom.shuffle([])", []),
        ("import numpy as np\nnp.random.seed(3)\nnp.random.rand()\nimport random\nrandom.random()", ["random"]),
        ("from random import choice as pick\npick([1])", ["random"]),
        ("import numpy.random as r\nr.default_rng(seed=None)\nr.default_rng(7)\nr.Generator(r.PCG64())", ["seed", "seed"]),
        ("from river import ensemble\nensemble.BaggingClassifier(None, 3)\nensemble.BaggingClassifier(None, 3, seed=1)", ["seed"]),
        ("from river import forest\nforest.ARFClassifier(**more)", []),
        ("from sklearn.ensemble import RandomForestClassifier as F\nF()\nF(random_state=3)", ["seed"]),
        ("import uuid, os\nuuid.uuid4(), os.urandom(3)", ["random"]),
        ("import secrets", ["random"]),
        ("frame.sample(5)\nframe.sample(frac=0.5, random_state=3)\nrng.sample(a, 3)\nframe['x'].shuffle()", ["seed", "seed"]),
        ("model.learn_many(x)\nlearn = model.predict_many", ["many", "many"]),
        ("getattr(model, 'learn_many')(x)\ngetattr(model, name)(x)", ["many", "dynamic"]),
        ("import urllib.parse\nurllib.parse.quote('a')", []),
        ("import urllib.request as r", ["network"]),
        ("from http import HTTPStatus", []),
        ("import urllib\nurllib.request.urlopen('x')", ["network"]),
        ("import importlib\nimportlib.import_module('socket')\n__import__(name)", ["network", "dynamic"]),
        ("import sys\nsys.modules['os'].system('x')", ["dynamic", "process"]),
        ("text = 'https://example.org'", []),
        ("import pandas as pd\npd.read_csv('s3://bucket/x.csv')", ["read", "network"]),
        ("from workbench.venues.simulated import Simulated", ["act"]),
        ("from workbench.research import history", ["network"]),
        ("import os\nos.execv('x', [])\nos.spawnl(0, 'x')", ["process", "process"]),
        ("exec(text)\nx = eval", ["dynamic", "dynamic"]),
        ("x = 3\nvars(x), compile_it()", []),
        ("import os\nos.environ['A'] = 'b'\nos.path.join('a', 'b')", ["environment"]),
        ("'/home2/x/y'; x = '/mnt/data'", ["path"]),
        ("from pathlib import Path\nPath('/data')\nPath('/') / 'x'", ["path", "path"]),
        ("x = '/' + 'mnt' + '/data/x'", ["path"]),
        ("x = f'/mnt/data/{y}', f'{y}/mnt/data/z'", ["path"]),
        ('"""see /usr/share/doc/x"""\nx = 1', []),
        ("open('x', 'r+')\nopen('x', mode=how)\nopen('x')", ["write", "write", "read"]),
        ("from pathlib import Path\np = Path('x') / 'y'\np.open('w')\np.rename('z')", ["write", "write"]),
        ("frame.rename({})\n'x'.replace('a', 'b')\nframe.replace(1, 2)", []),
        ("(folder / 'x').read_text().replace('a', 'b')", ["read"]),
        ("frame.to_csv()\nframe.to_csv('x')\nframe.write_csv()\nframe.write_csv(file='x')", ["write", "write"]),
        ("import polars as pl\nread = pl.scan_parquet", ["read"]),
        ("import sqlite3 as s\ns.connect('x')\ns.connect(':memory:')\ns.connect('file:x?mode=ro', uri=True)", ["write", "read"]),
        ("import threading, tempfile\nthreading.Thread(target=f)", []),
        ("[model.learn_one(x) for x in xs]\nlist(map(model.learn_one, xs))\n[x.one for x in xs]", ["loop", "loop"]),
        ("token = 'k-5521-abcdef'\nf(password='k-5521-abcdef')\nx = 'ghp_" + "a" * 30 + "'\ntoken = 'a'", ["secret", "secret", "secret"]),
        ("import sys\nsys.exit", ["end"]),
        ("import sys\nsys.path.insert(0, '..')", ["place"]),
        ("get_ipython().system('ls')", ["dynamic"]),
        ("get_ipython = 3\nx = get_ipython", []),
        ("from scipy import stats\nstats.norm.rvs(size=3)\nstats.norm.rvs(size=3, random_state=7)", ["seed"]),
        ("from scipy import stats\nstats.norm.rvs(size=3, random_state=None)\nstats.norm.rvs(size=3, **words)", ["seed"]),
        ("frame.sample(5, seed=None)\nframe.sample(5, random_state=None)\nframe.sample(5, seed=n)\nframe.sample(5, **w)", ["seed"] * 2),
        ("from sklearn.model_selection import train_test_split as t\nt([1], [2])\nt([1], random_state=3)", ["seed"]),
        ("frame.apply(f, axis=1)\nframe.apply(f)\nframe.apply(f, axis=0)", ["loop"]),
    ],
)  # fmt: skip
def test_things_are_found_by_what_they_are(source: str, rules: list[str]) -> None:
    assert sorted(rules_of(source)) == sorted(rules)


def test_reading_and_writing_have_their_cells() -> None:
    read, write = "import polars as pl\npl.read_csv('x.csv')", "frame.write_parquet('x.parquet')"
    assert rules_of(read, "inputs") == [] and rules_of(read, "figures") == ["read"]
    assert rules_of(write, "outputs", ARTEFACT) == rules_of(write, "outputs") == [] and rules_of(write, "inputs") == ["write"]
    assert rules_of(write, "outputs", PLAIN) == ["effect"]


def test_what_is_declared_is_allowed() -> None:
    source = "import socket, subprocess"
    assert rules_of(source) == rules_of(source, "inputs", PLAIN) == ["network", "process"]
    reads = Reads(connections=("news.example.org:443",), programs=("git",))
    assert rules_of(source, "inputs", PipelineSettings(owner="tests", by="n", reads=reads)) == []


def test_figures_are_counted_over_the_page() -> None:
    three = "from workbench.research import figures\n" + "\n".join(3 * ["figures.equity(day)"])
    assert rules_of(three, "figures") == []
    (found,) = findings([Cell(1, "code", "figures", three), Cell(2, "code", "figures", "figures.market(day)\nfigures.equity(day)")])
    assert (found.at, found.line, found.rule) == (2, 2, "figures") and "5 figures are drawn, and 4 are the most" in found.text


def test_a_parameter_is_used_and_kept() -> None:
    parameters = Cell(1, "code", "parameters", "n: int = 3\nname: str = 'x'\nspare: int = 1")
    found = findings([parameters, Cell(2, "code", "work", "n = 5\nname = name.upper()\nprint(n)")])
    assert [(each.at, each.line, each.rule) for each in found] == [(1, 3, "unused"), (2, 1, "lost")]


@pytest.mark.parametrize(
    ("counts", "wrong"),
    [((1, 2, 3), []), ((None, None, None), []), ((1, 4, 9), []), ((2, 1, 3), [2]), ((1, None, 2), [2]), ((1, 1, 2), [2]), ((3, 1, 2), [2])],
)
def test_stored_counts_tell_the_order(counts: tuple[int | None, ...], wrong: list[int]) -> None:
    cells = [Cell(at, "code", "", "x = 1", (), count) for at, count in enumerate(counts, 1)]
    assert [each.at for each in order([*cells, Cell(9, "code", "", " \n", (), None)])] == wrong
