"""The id book: every contract this data folder ever named, and the small rising id it keeps for ever. Append-only; no market data.

Rules
-----
1. A contract is who its venue says it is: exchange, symbol, type, currency, expiry, strike and right. ``ESZ6`` of 2016 and of 2026
   differ in their expiry.
2. The same contract keeps its id; anything else about it that changes (a specification, a split, another venue's name) is a
   higher version of it.
3. Ids are never used again, and nothing is ever taken out.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec

from workbench.domain.contracts import Contract
from workbench.domain.errors import StoreError
from workbench.store.folders import Folders
from workbench.store.versions import FORMATS, refuse_newer
from workbench.store.whole import only_one, sync_folder, trouble

WAIT_S: Final = 10.0
Identity = tuple[object, ...]


class _Heading(msgspec.Struct, frozen=True):
    """First line of the book."""

    book: str
    format: int


HEADING: Final = _Heading("contracts of futures-workbench", FORMATS["contracts"])


def identity(contract: Contract) -> Identity:
    """Give what makes a contract the one it is; see rule 1."""
    it = contract
    return it.exchange, it.symbol, it.type, it.currency, it.expiry, it.strike, it.right


class ContractBook:
    """The book of one data folder; several processes may use it at once.

    Examples
    --------
    >>> import tempfile
    >>> from workbench.domain.contracts import ContractType
    >>> es = Contract(id=1, root="ES", symbol="ESZ6", type=ContractType.FUTURE, exchange="CME", currency="USD", expiry="2026-12-18",
    ...               calendar="CME Globex Equity", multiplier="50", price_quantum="0.25", order_increment="0.25")
    >>> with tempfile.TemporaryDirectory() as data:
    ...     book = ContractBook(Path(data))
    ...     first, again = book.define(es), book.define(es)
    ...     finer = book.define(msgspec.structs.replace(es, price_quantum="0.05"))
    ...     [(each.id, each.version) for each in (first, again, finer)], book.contract(1).price_quantum
    ([(1, 1), (1, 1), (1, 2)], '0.05')
    """

    def __init__(self, data: Path) -> None:
        self._path = Folders(data).contracts

    def define(self, contract: Contract) -> Contract:
        """Give `contract` as the book knows it from now on, durably: with its id and version. Those it comes with mean nothing.

        Raises
        ------
        StoreError
            If the book is damaged or cannot be written.
        """
        return self.define_all([contract])[0]

    def define_all(self, contracts: list[Contract]) -> list[Contract]:
        """Define several contracts, in their order, in one write; see `define`."""
        with only_one(self._path.with_name("contracts.lock"), "another process writes the book of contracts", wait_s=WAIT_S):
            lines, length = self._read()
            latest = {identity(line): line for line in lines}
            next_id = max((line.id for line in lines), default=0) + 1
            given, new = [], []
            for contract in contracts:
                old = latest.get(identity(contract))
                if old is None:
                    made = msgspec.structs.replace(contract, id=next_id, version=1)
                    next_id += 1
                else:
                    made = msgspec.structs.replace(contract, id=old.id, version=old.version)
                    if made != old:
                        made = msgspec.structs.replace(made, version=old.version + 1)
                if made != old:
                    new.append(made)
                latest[identity(made)] = made
                given.append(made)
            if new:
                self._append(new, length)
        return given

    def contracts(self) -> list[Contract]:
        """List the latest version of every contract, by id."""
        latest = {line.id: line for line in self._read()[0]}
        return [latest[contract_id] for contract_id in sorted(latest)]

    def contract(self, contract_id: int, version: int | None = None) -> Contract:
        """Give one contract; `version` `None`: its latest.

        Raises
        ------
        StoreError
            If the book does not know it.
        """
        found = [line for line in self._read()[0] if line.id == contract_id and version in (None, line.version)]
        if not found:
            raise StoreError(f"the book of contracts knows no contract {contract_id}" + (f" of version {version}" if version else ""))
        return found[-1]

    def history(self, contract_id: int) -> list[Contract]:
        """List all versions of a contract, the oldest first."""
        return [line for line in self._read()[0] if line.id == contract_id]

    def _read(self) -> tuple[list[Contract], int]:
        """Give the lines and the length they take: behind it may stand the half of a line that a kill left, which counts for nothing."""
        with trouble(f"reading {self._path}"):
            content = self._path.read_bytes() if self._path.exists() else b""
        content = content[: content.rfind(b"\n") + 1]
        first, *lines = content.splitlines() or [msgspec.json.encode(HEADING)]
        try:
            heading = msgspec.json.decode(first, type=_Heading)
            if heading.book != HEADING.book:
                raise StoreError(f"{self._path} is no book of contracts")
            refuse_newer("contracts", heading.format, self._path)
            return [msgspec.json.decode(line, type=Contract) for line in lines], len(content)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise StoreError(f"{self._path} is damaged: {error}; restore it from a backup, ids must not be given twice") from error

    def _append(self, contracts: list[Contract], length: int) -> None:
        lines = [msgspec.json.encode(contract) for contract in contracts]
        if not length:
            lines.insert(0, msgspec.json.encode(HEADING))
        with trouble(f"writing {self._path}"):
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                os.ftruncate(fd, length)
                os.pwrite(fd, b"".join(line + b"\n" for line in lines), length)
                os.fsync(fd)
            finally:
                os.close(fd)
            sync_folder(self._path.parent)
