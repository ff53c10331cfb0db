"""Readers and writers that are compiled and open files unheard: each is asked for its path before it is called. Opens nothing itself.

A function of a library is replaced by itself with a question before it, when the library is imported. Names that a version of a library
does not have are left out: they cannot be called either.
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import Any, Final

from workbench.pipelines.kernel.guard import Guard

Ask = Callable[[str, bool], None]
READ: Final = 0
WRITE: Final = 1
SECOND: Final = 2  # it writes, to what its second argument names
FORMATS: Final = ("csv", "parquet", "ipc", "ndjson", "json", "avro", "delta", "excel", "iceberg", "lines")
MORE: Final = (*FORMATS, "ipc_stream", "csv_batched", "parquet_metadata")
POLARS: Final = {f"{verb}_{form}": READ for verb in ("read", "scan") for form in MORE} | {
    f"{kind}.{verb}_{form}": WRITE for kind in ("DataFrame", "LazyFrame") for verb in ("write", "sink") for form in MORE
}
# module -> name -> whether it writes; the path is the first argument, or the first of these names
ASKED: Final[dict[str, dict[str, int]]] = {
    "polars": POLARS,
    "pyarrow": {"OSFile": READ, "memory_map": READ, "input_stream": READ, "create_memory_map": WRITE, "output_stream": WRITE},
    "pyarrow.parquet.core": {"ParquetFile.__init__": READ, "ParquetDataset.__init__": READ, "ParquetWriter.__init__": WRITE},
    "pyarrow.parquet": {"read_table": READ, "read_metadata": READ, "read_schema": READ, "write_table": SECOND, "write_to_dataset": SECOND},
    "pyarrow.csv": {"read_csv": READ, "open_csv": READ, "write_csv": SECOND, "CSVWriter": WRITE},
    "pyarrow.json": {"read_json": READ},
    "pyarrow.orc": {"read_table": READ, "write_table": SECOND},
    "pyarrow.feather": {"read_table": READ, "read_feather": READ, "write_feather": SECOND},
    "pyarrow.dataset": {"dataset": READ, "write_dataset": SECOND},
    "pyarrow.ipc": {"open_file": READ, "open_stream": READ, "new_file": WRITE, "new_stream": WRITE},
    "deltalake": {"DeltaTable.__init__": READ, "write_deltalake": WRITE},
    "h5py": {"File.__init__": WRITE},
}
NAMES: Final = (
    *("source", "where", "file", "path", "path_or_paths", "root", "table_uri", "table_or_uri", "input_file", "output_file", "dest"),
    *("root_path", "base_dir", "sink"),
)


def ask_before(guard: Guard) -> None:
    """Have compiled readers and writers ask `guard`, those of libraries that are imported later as well."""

    def ask(path: str, is_written: bool) -> None:
        guard.touches(path, is_written=is_written)

    for name, functions in ASKED.items():
        if name in sys.modules:
            _replace(sys.modules[name], functions, ask)
    sys.meta_path.insert(0, _Finder(ask))


class _Finder(importlib.abc.MetaPathFinder):
    """Finds what the others find, and has the module asked when it is there."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> importlib.machinery.ModuleSpec | None:
        if name not in ASKED:
            return None
        spec = next((found for each in sys.meta_path if each is not self and (found := each.find_spec(name, path, target))), None)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                run(module)
                _replace(module, ASKED[name], self._ask)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _replace(module: ModuleType, functions: dict[str, int], ask: Ask) -> None:
    for name, how in functions.items():
        of, _, method = name.rpartition(".")
        owner = getattr(module, of, None) if of else module
        function = getattr(owner, method, None)
        if function is not None:
            setattr(owner, method, _asking(function, how, ask, n_before=int(how == SECOND) + int(bool(of))))


def _asking(function: Any, how: int, ask: Ask, n_before: int) -> Any:
    @functools.wraps(function, updated=())
    def asked(*args: Any, **kwargs: Any) -> Any:
        given = args[n_before] if len(args) > n_before else next((kwargs[name] for name in NAMES if name in kwargs), None)
        for path in _paths(given):
            ask(path, bool(how))
        return function(*args, **kwargs)

    return asked


def _paths(given: object) -> Iterator[str]:
    if isinstance(given, str | os.PathLike):
        yield os.fsdecode(given)
    elif isinstance(given, list | tuple | set):
        for each in given:
            yield from _paths(each)
