"""The engine: `feed` takes records, `step` everything else; both give commands. No I/O, no clock; time rides in what it is given.

Rules
-----
1. `feed` returns at the first record or barrier whose outputs hold a command: what follows must see that command sent.
2. At a barrier, once and in this order: features of all contracts, learners, exits, proposals, arbiter, risk.
3. `step` moves orders, ledger and watches, never a bar.
4. Everything that can be asked of it later is a fact in `take_facts`; facts are made again by every replay.
5. A strategy, a feature or a model that raises or talks nonsense is quarantined: it is asked nothing more, and nothing else stops.
"""

from __future__ import annotations

import hashlib
from types import MappingProxyType
from typing import Final

import msgspec

from workbench.decision.arbiter import rank
from workbench.domain.bars import BAR_AT, BAR_WIDTH, BROKEN, PRICED, RichBar
from workbench.domain.decisions import AnyFact, At, Forecast, Proposal, TradingState
from workbench.domain.errors import ConfigError, InvariantError
from workbench.domain.events import (
    AnyEvent,
    Arrival,
    ContractDefined,
    FillCorrected,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
)
from workbench.domain.orders import AnyCommand, Cause, Key
from workbench.domain.records import ASK, BID
from workbench.domain.views import View
from workbench.engine.care import manage
from workbench.engine.desk import Desk
from workbench.engine.gating import gate
from workbench.engine.hearing import hear
from workbench.engine.memory import Memory
from workbench.engine.observing import observe
from workbench.engine.quarantine import Told, of_answer, of_error
from workbench.engine.reports import report
from workbench.engine.rolling import move_on
from workbench.engine.scoring import heard, notice
from workbench.engine.setup import Setup
from workbench.engine.silences import hear_silence, outlive
from workbench.engine.watching import forget, keep, keep_trails, touched
from workbench.execution.tended import is_over
from workbench.features.bank import FeatureBank
from workbench.learning.learner import Learner
from workbench.learning.models import MODELS
from workbench.market.fold import Market
from workbench.market.state import Stop
from workbench.risk.groups import group_of
from workbench.strategies.base import Strategy, nonsense

_T_END, _FLAGS, _CLOSE, _HAS = BAR_AT["t_end"], BAR_AT["flags"], BAR_AT["close"], BAR_AT["has"]
_BID, _ASK = BAR_AT["bid"], BAR_AT["ask"]
_END, _BARRIER, _WATCH, _SILENCE = int(Stop.END), int(Stop.BARRIER), int(Stop.WATCH), int(Stop.SILENCE)
_NOTHING: Final[list[AnyCommand]] = []


class Image(msgspec.Struct):
    """A snapshot: the whole state between two records."""

    market: dict[str, bytes]
    bank: bytes
    learners: list[bytes]
    forecasts: list[dict[str, Forecast]]
    memory: Memory


class Engine:
    """One deterministic machine over one log.

    Parameters
    ----------
    setup
        Who trades what by which law. Contracts stand in it from the start; one that appears later joins at the next start.
    """

    def __init__(self, setup: Setup) -> None:
        contracts = [terms.contract for terms in setup.terms]
        self.setup = setup
        self.market = Market([contract.id for contract in contracts])
        self.market.relate([group_of(contract, {}) for contract in contracts])  # not the law's own: who reads a log has no law
        self.bank = FeatureBank(
            contracts,
            lengths_ns=setup.lengths_ns,
            leaders=setup.leaders,
            own=setup.own_features,
            kinds=setup.kinds,
            on_failure=self._feature_failed,
        )
        self.bank.bind(self.market.bars)
        self.n_features = self.bank.n
        cells = self.market.bars.view("<i8").reshape(-1).data
        self._cells = cells.toreadonly()
        self._forecasts: list[dict[str, Forecast]] = [{} for _ in contracts]
        self._views = tuple(
            View(
                contract,
                RichBar(cells, slot),
                self.bank.columns,
                self.bank.values,
                self.bank.warm,
                slot * self.n_features,
                MappingProxyType(self._forecasts[slot]),
                self.market.now,
            )
            for slot, contract in enumerate(contracts)
        )
        self._facts: list[AnyFact] = []
        self.desk = Desk(setup, self._views, self._facts)
        self.desk.memory.quality.prior = setup.law.execution.eqs_prior
        self._hired_learners, self._hired_deciders = self._hire()
        self._leave_out()
        self._n_slots, self._ids = len(contracts), self.market.ids
        self._ends = [(slot, slot * BAR_WIDTH + _T_END) for slot in range(len(contracts))]
        n = self.n_features
        self._rows = [(self.bank.values[s * n : (s + 1) * n], self.bank.warm[s * n : (s + 1) * n]) for s in range(len(contracts))]
        self._is_quoted = [setup.is_quoted(contract.id) for contract in contracts]
        self.n_barriers = 0

    def _hire(self) -> tuple[tuple[list[Learner], ...], tuple[list[tuple[Key, Strategy]], ...]]:
        """Make the learners and list the strategies of each contract."""
        setup, slot_of, models = self.setup, self.desk.slot, {**MODELS, **self.setup.models}
        learners: tuple[list[Learner], ...] = tuple([] for _ in slot_of)
        for recipe, ids in setup.recipes:
            for id_ in ids:
                learners[slot_of[id_]].append(Learner(recipe, id_, self.bank.columns, models))
        deciders: tuple[list[tuple[Key, Strategy]], ...] = tuple([] for _ in slot_of)
        for strategy, ids in setup.strategies:
            missing = [name for name in strategy.needs if name not in self.bank.columns]
            if missing:
                raise ConfigError(f"strategy {strategy.name} needs features that do not exist: {', '.join(missing)}")
            for id_ in ids:
                deciders[slot_of[id_]].append((Key(setup.account, id_, strategy.name), strategy))
        return learners, deciders

    @property
    def learners(self) -> tuple[Learner, ...]:
        """Every learner, by contract in the setup's order; those in quarantine too."""
        return tuple(each for group in self._hired_learners for each in group)

    def _leave_out(self) -> None:
        """Ask those that are not quarantined, and nobody else."""
        is_out = self.desk.is_out
        self._n_out = len(self.desk.memory.quarantined)
        self._learners = tuple([each for each in group if not is_out("recipe", each.recipe.name)] for group in self._hired_learners)
        self._deciders = tuple([each for each in group if not is_out("strategy", each[0].strategy)] for group in self._hired_deciders)

    def _feature_failed(self, name: str, contract: int, error: Exception) -> None:
        self.desk.put_out("feature", name, contract, of_error(error))

    def _strategy_failed(self, key: Key, told: Told, wishes: list[tuple[Key, Proposal]]) -> list[tuple[Key, Proposal]]:
        """Ask a strategy nothing more, and grant none of its wishes of this barrier."""
        self.desk.put_out("strategy", key.strategy, key.contract, told)
        self._leave_out()
        return [each for each in wishes if each[0].strategy != key.strategy]

    def _recipe_failed(self, learner: Learner, error: Exception) -> None:
        """Let a recipe say nothing more about any contract: no forecast stands, no label waits."""
        name = learner.recipe.name
        self.desk.put_out("recipe", name, learner.contract, of_error(error))
        for known, group in zip(self._forecasts, self._learners, strict=True):
            known.pop(name, None)
            for each in group:
                if each.recipe.name == name:
                    each.void(self._facts)
        self._leave_out()

    # ------------------------------------------------------------------ records
    def feed(self, addr: int, i: int, n: int) -> tuple[int, list[AnyCommand]]:
        """Consume records ``[i, n)`` of the array at `addr` until the first command; give (next index, commands)."""
        fold = self.market.fold
        while True:
            i, stop = fold(addr, i, n)
            if stop == _END:
                return i, _NOTHING
            if stop == _BARRIER:
                commands = self._barrier()
            elif stop == _WATCH:
                commands = self._watch()
            elif stop == _SILENCE:
                commands = self._hear_silence()
            else:
                commands = self._history()
            if commands:
                return i, commands

    def _barrier(self) -> list[AnyCommand]:
        self.n_barriers += 1
        cells, facts, desk = self._cells, self._facts, self.desk
        memory = desk.memory
        mark = len(facts)
        self.bank.step()
        now = self.market.now
        now_ns, cause = now[0], Cause(now[1], 0)
        closed = [slot for slot, at in self._ends if cells[at]]
        for slot in closed:
            if self._learners[slot]:
                self._learn(slot)
        if len(closed) < self._n_slots:
            self._silence(closed)
        if memory.silent:
            outlive(desk, self.market)
        n_out = self._n_out
        commands = manage(desk, now_ns, cause)
        if memory.fronts:
            commands.extend(move_on(desk, now_ns, cause))
        if len(facts) > mark:
            desk.is_stirred = True
        is_stirred = desk.is_stirred
        observe(desk, now_ns)
        if is_stirred or desk.follows:
            desk.follows = keep_trails(desk, self.market, now_ns)
        if len(memory.quarantined) != self._n_out:
            self._leave_out()
        wishes = self._wishes(closed)
        if self._n_out != n_out:
            commands.extend(desk.withdraw_for_those_out(now_ns, cause))
        if wishes:
            go, outranked = rank(wishes)
            facts.extend(outranked)
            for key, wish in go:
                command = gate(desk, key, wish, now_ns, cause)
                if command is not None:
                    commands.append(command)
        if wishes or commands:
            notice(desk, mark, now_ns)
        if len(facts) > mark:
            desk.is_stirred = True
            facts.insert(mark, At(now_ns, cause))
        return commands

    def _learn(self, slot: int) -> None:
        at, cells = slot * BAR_WIDTH, self._cells
        row, warm = self._rows[slot]
        mid2: int | None = None
        if cells[at + _HAS] == BID | ASK:
            mid2 = cells[at + _BID] + cells[at + _ASK]
        elif cells[at + _FLAGS] & PRICED and not self._is_quoted[slot]:
            mid2 = 2 * cells[at + _CLOSE]
        is_broken = bool(cells[at + _FLAGS] & BROKEN)
        known = self._forecasts[slot]
        for learner in self._learners[slot]:
            try:
                forecast = learner.update(cells[at + _T_END], row, warm, mid2, is_broken, self._facts)
            except (InvariantError, MemoryError):
                raise
            except Exception as error:  # noqa: BLE001 - whatever a model raises ends its recipe, and nothing else
                self._recipe_failed(learner, error)
                continue
            if forecast is None:
                known.pop(learner.recipe.name, None)
            else:
                known[learner.recipe.name] = forecast

    def _silence(self, closed: list[int]) -> None:
        """What waits about a contract that is closed is void, and nothing stands that was said about it."""
        for slot in set(range(self._n_slots)).difference(closed):
            self._forecasts[slot].clear()
            for learner in self._learners[slot]:
                learner.void(self._facts)

    def _wishes(self, closed: list[int]) -> list[tuple[Key, Proposal]]:
        wishes: list[tuple[Key, Proposal]] = []
        if self.desk.breaker.state is not TradingState.ACTIVE:
            return wishes
        owned = self.desk.supervisor.owned
        for slot in closed:
            if self._ids[slot] in owned:
                continue
            for key, strategy in self._deciders[slot]:
                try:
                    wish = strategy.propose(self._views[slot])
                except MemoryError:
                    raise
                except Exception as error:  # noqa: BLE001 - whatever a strategy raises ends it, and nothing else
                    wishes = self._strategy_failed(key, of_error(error), wishes)
                    continue
                if wish is not None:
                    if (wrong := nonsense("propose", wish)) is None:
                        wishes.append((key, wish))
                    else:
                        wishes = self._strategy_failed(key, of_answer(strategy, "propose", wrong), wishes)
        return wishes

    def _watch(self) -> list[AnyCommand]:
        now, self.desk.is_stirred = self.market.now, True
        return touched(self.desk, self.market, now[0], Cause(now[1], 0))

    def _hear_silence(self) -> list[AnyCommand]:
        mark = len(self._facts)
        hear_silence(self.desk, self.market)
        self._facts.insert(mark, At(self.market.now[0], Cause(self.market.now[1], 0)))
        return _NOTHING

    def _history(self) -> list[AnyCommand]:
        slot, length_ns = self.market.fired()
        mark = len(self._facts)
        self.bank.warm_up(slot, self.market.states[slot : slot + 1]["past"], length_ns)
        if len(self._facts) > mark:
            self._facts.insert(mark, At(self.market.now[0], Cause(self.market.now[1], 0)))
        return _NOTHING

    # ------------------------------------------------------------------ events
    def step(self, arrival: Arrival) -> list[AnyCommand]:
        """Take one event with its place in the log."""
        now_ns, cause = arrival.recv_ns, Cause(arrival.after_seq, arrival.n)
        mark = len(self._facts)
        self.desk.begin_day(now_ns)
        self.desk.is_stirred = True
        commands: list[AnyCommand] = _NOTHING
        match arrival.event:
            case OrderAccepted() | OrderFilled() | OrderCancelled() | OrderRejected() | FillCorrected() as told:
                bracket, commands = report(self.desk, told, now_ns, cause)
                if bracket is not None:
                    keep(self.desk, self.market, bracket, now_ns)
                    heard(self.desk, told, bracket, now_ns)
            case ContractDefined(contract=contract):
                self._check_definition(contract.id, contract)
            case event:
                commands = self._hear(event, now_ns, cause, mark)
        if len(self._facts) > mark:
            self._facts.insert(mark, At(now_ns, cause))
        return commands

    def _hear(self, event: AnyEvent, now_ns: int, cause: Cause, mark: int) -> list[AnyCommand]:
        """Take what is no order report; it may open brackets, and end some."""
        held = list(self.desk.supervisor.brackets())
        commands = hear(self.desk, event, now_ns, cause)
        if commands:
            notice(self.desk, mark, now_ns)
        for bracket in held:
            if is_over(bracket):
                keep(self.desk, self.market, bracket, now_ns)
        forget(self.desk, self.market)
        return commands

    def _check_definition(self, id_: int, contract: object) -> None:
        slot = self.desk.slot.get(id_)
        if slot is None or self._views[slot].contract != contract:
            raise InvariantError(f"contract {id_} is not the one this engine was built with: start it anew with the definition of the log")

    # ------------------------------------------------------------------ what is asked of it from outside
    def take_facts(self) -> list[AnyFact]:
        """Hand over the facts made since the last call."""
        facts = self._facts.copy()
        self._facts.clear()
        return facts

    def view(self, contract: int) -> View:
        """Show a contract as deciders see it."""
        return self._views[self.desk.slot[contract]]

    def snapshot(self) -> bytes:
        """Copy the whole state between two records; facts must have been taken."""
        if self._facts:
            raise InvariantError("a snapshot between facts and their journal would lose them: take the facts first")
        learners = [learner.snapshot() for group in self._learners for learner in group]
        return msgspec.msgpack.encode(Image(self.market.snapshot(), self.bank.snapshot(), learners, self._forecasts, self.desk.memory))

    def restore(self, blob: bytes) -> None:
        """Become what `snapshot` copied; the setup must be the same."""
        image = msgspec.msgpack.decode(blob, type=Image)
        self.market.restore(image.market)
        self.bank.restore(image.bank)
        self.desk.remember(image.memory)
        self.desk.memory.quality.prior = self.setup.law.execution.eqs_prior
        self._leave_out()
        for learner, copy in zip((x for group in self._learners for x in group), image.learners, strict=True):
            learner.restore(copy)
        for known, copied in zip(self._forecasts, image.forecasts, strict=True):
            known.clear()
            known.update(copied)

    def digest(self) -> str:
        """Hash of the whole state: arrays, books, windows, forecasts and what the models have learnt."""
        h = hashlib.sha256()
        for part in self.market.snapshot().values():
            h.update(part)
        h.update(self.bank.snapshot())
        for group in self._learners:
            for learner in group:
                h.update(learner.digest().encode())
        h.update(msgspec.msgpack.encode((self._forecasts, self.desk.memory)))
        return h.hexdigest()
