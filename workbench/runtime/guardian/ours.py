"""What is ours: brackets and fills out of the runner's journals, held against what the broker shows. Reads journals; writes nothing.

An execution counts once, whoever told it: the journal, or the broker, whose list holds a day and only what one client id placed. What the
broker calls filled of an order counts at least. A bracket that the journal lost is known by the orderRef of its orders.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from workbench.domain.contracts import Contract
from workbench.domain.decisions import Adopted, AnyFact, Issued, RoundTripClosed
from workbench.domain.errors import StoreError
from workbench.domain.events import AnyEvent, ContractDefined, FillCorrected, FillEntered, OrderFilled
from workbench.domain.orders import Leg, Submit
from workbench.runtime.guardian.values import Held, Live, Truth
from workbench.store import entries
from workbench.store.folders import Folders
from workbench.store.manifest import RunManifest, read_manifest, runs
from workbench.venues.ib.book import short_run, split_exec_id
from workbench.venues.ib.guarding import OwnOrder, Seen

TRADES: Final = ("paper", "live")


class Bracket(NamedTuple):
    """Whose contract, and which way it goes."""

    contract: int
    side: int


class Part(NamedTuple):
    """One execution, as it was told last."""

    ref: int
    leg: Leg
    qty: int
    correction: int


class Ours:
    """The books of one account, read as they grow.

    Parameters
    ----------
    data
        Folder of the stores.

    Attributes
    ----------
    chain
        Name in the orderRefs; empty while no run of this account is known.
    contracts
        All that its runs know, by conId.
    """

    def __init__(self, data: Path, account: str) -> None:
        self._data, self._account = data, account
        self.chain = ""
        self.contracts: dict[int, Contract] = {}
        self._brackets: dict[int, Bracket] = {}
        self._parts: dict[str, Part] = {}
        self._at: dict[str, int] = {}  # how far the journal of each run was read

    def read(self) -> None:
        """Read what the runs of the newest chain have written since.

        Raises
        ------
        StoreError
            A journal is damaged, or of a newer workbench.
        """
        mine = [each for each in runs(self._data) if each.account == self._account and each.mode in TRADES]
        if not mine:
            return
        chain = list(self._back(max(mine, key=lambda each: (each.sessions[-1], each.epoch))))[::-1]
        if chain[0].run != self.chain:
            self.chain, self._brackets, self._parts, self._at = chain[0].run, {}, {}, {}
        for run in chain:
            for contract in run.contracts:
                self._know(contract)
            self._read(run.run)

    def _know(self, contract: Contract) -> None:
        if "ib" in contract.venue_ids:
            self.contracts[int(contract.venue_ids["ib"])] = contract

    def _back(self, run: RunManifest) -> Iterator[RunManifest]:
        at: RunManifest | None = run
        while at is not None:
            yield at
            at = read_manifest(Folders(self._data).run(at.starts_from)) if at.starts_from else None

    def _read(self, run: str) -> None:
        journal = Folders(self._data).journal(run)
        if not journal.exists():
            return
        for entry in entries.read_journal(journal, after=self._at.get(run, 0)):
            for each in entry.content if isinstance(entry.content, tuple) else (entry.content,):
                self._take(each)
            self._at[run] = entry.id

    def _take(self, said: AnyEvent | AnyFact) -> None:
        match said:
            case Issued(command=Submit(ref=ref, key=key, side=side)):
                self._brackets[ref] = Bracket(key.contract, side)
            case Adopted(ref=ref, key=key, qty=qty):
                self._brackets[ref] = Bracket(key.contract, 1 if qty > 0 else -1)
                self._parts[f"adopted-{ref}"] = Part(ref, Leg.ENTRY, abs(qty), 0)
            case ContractDefined(contract=contract):
                self._know(contract)
            case OrderFilled() | FillCorrected() | FillEntered():
                fill(self._parts, said.exec_id, said.ref, said.leg, said.qty)
            case RoundTripClosed(ref=ref):
                left = sum(part.qty if part.leg is Leg.ENTRY else -part.qty for part in self._parts.values() if part.ref == ref)
                if left:  # the rest went by somebody else's hand, or a person took what was closed too much as not ours; we do not ask how
                    self._parts[f"by hand-{ref}"] = Part(ref, Leg.EXIT if left > 0 else Leg.ENTRY, abs(left), 0)
            case _:
                pass

    # ------------------------------------------------------------------ against the broker
    def truth(self, seen: Seen, *, client_id: int, mine: Container[tuple[int, int]]) -> Truth:
        """Give what of a whole answer is ours.

        Parameters
        ----------
        client_id
            The runner's: only its orders can be cancelled under it.
        mine
            Closing orders of the guardian, by client id and number.

        Raises
        ------
        StoreError
            An order of ours is in a contract that none of our runs knows: then nothing is known.
        """
        name = short_run(self.chain)
        orders = [each for each in seen.orders if each.named.run == name]
        fills = [each for each in seen.fills if each.named.run == name]
        brackets, parts = dict(self._brackets), dict(self._parts)
        for con_id, named, side in [(each.con_id, each.named, each.side) for each in orders] + [(e.con_id, e.named, e.side) for e in fills]:
            if con_id not in self.contracts:
                raise StoreError(f"an order of ours is in a contract that no run of ours knows (conId {con_id})")
            way = side if named.leg is Leg.ENTRY else -side
            brackets.setdefault(named.ref, Bracket(self.contracts[con_id].id, way))
        for each in fills:
            fill(parts, each.exec_id, each.named.ref, each.named.leg, each.qty)
        live = [
            Live(
                each.order_id,
                each.named.ref,
                each.named.leg,
                self.contracts[each.con_id].id,
                each.rest,
                is_mine=(each.client_id, each.order_id) in mine,
                is_reachable=each.client_id == client_id,
                works=each.works,
            )
            for each in orders
            if each.rest
        ]
        positions = {self.contracts[con_id].id: qty for con_id, qty in seen.positions.items() if con_id in self.contracts}
        return Truth(seen.asked_ns, tuple(live), tuple(_held(brackets, parts.values(), orders)), positions)


def fill(parts: dict[str, Part], exec_id: str, ref: int, leg: Leg, qty: int) -> None:
    """Take an execution in: once, and of its corrections the last.

    >>> parts: dict[str, Part] = {}
    >>> for exec_id, qty in (("a.01", 2), ("a.01", 2), ("a.02", 1)):
    ...     fill(parts, exec_id, 7, Leg.ENTRY, qty)
    >>> parts
    {'a': Part(ref=7, leg=<Leg.ENTRY: 0>, qty=1, correction=2)}
    """
    root, correction = split_exec_id(exec_id)
    before = parts.get(root)
    if before is None or correction > before.correction:
        parts[root] = Part(ref, leg, qty, correction)


def _held(brackets: Mapping[int, Bracket], parts: Iterable[Part], orders: Iterable[OwnOrder]) -> Iterator[Held]:
    """Say what each bracket holds: what its entry filled, less what its exits did; of both the most that anybody told."""
    counted, told = Counter[tuple[int, Leg]](), Counter[tuple[int, Leg]]()
    for part in parts:
        counted[part.ref, part.leg] += part.qty
    for each in orders:
        told[each.named.ref, each.named.leg] += each.filled
    most = counted | told
    for ref, bracket in sorted(brackets.items()):
        qty = most[ref, Leg.ENTRY] - most[ref, Leg.STOP] - most[ref, Leg.TARGET] - most[ref, Leg.EXIT]
        if qty:  # below zero: more was closed than was opened, and the rest of that is ours as well
            yield Held(ref, bracket.contract, bracket.side * qty)
