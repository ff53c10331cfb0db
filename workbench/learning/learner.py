"""The learner: one recipe on one contract, from closed bar to forecast. It holds all that must survive; it decides nothing.

Order at each bar
-----------------
1. A broken bar or an unknown price voids what waits, and nothing is forecast.
2. Labels that matured are learnt in their order, each exactly once, never early (`InvariantError`).
3. An error that rose for good is drift; the recipe says what the learner does about it.
4. On the cadence: predict from the features that are there, and let the label wait.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from operator import itemgetter
from typing import Any, Final

import msgspec

from workbench.domain.decisions import AnyFact, DriftSeen, Forecast, ForecastMade, LabelMatured, LabelsVoided
from workbench.domain.errors import ConfigError, InvariantError
from workbench.learning import drift, snapshot
from workbench.learning.confidence import Reliability
from workbench.learning.digest import LearnLog, model_digest
from workbench.learning.drift import DriftWatch, Sign
from workbench.learning.labels import Label, LabelLedger
from workbench.learning.models import MODELS
from workbench.learning.models.base import Estimator, Model, Row, build, p_up
from workbench.learning.recipe import Recipe

FEATURE_LIMIT: Final = 1e12  # beyond it a number is no measurement; its square still adds up in a scaler without overflow
BACKGROUND_FACTOR: Final = 10  # a warning that no drift confirmed is dropped after so many times `min_labels`


class _State(msgspec.Struct, array_like=True):
    last_ns: int
    span_ns: tuple[int, int] | None
    n_model: int
    n_background: int
    n_drifts: int
    generation: int
    link: bytes
    n_learnt: int
    standing: Forecast | None
    labels: tuple[list[Label], int, int, int]
    outcomes: list[int]


class Learner:
    """One recipe on one contract.

    Parameters
    ----------
    recipe
        What it learns, and how.
    contract
        Id; it is repeated in the facts.
    columns
        Number of each feature column, by name.
    models
        Catalogue that ``recipe.model`` is looked up in.

    Raises
    ------
    ConfigError
        If the recipe names a model, a param or a feature that does not exist.

    Notes
    -----
    The first learner imports River, which costs some 3 s.
    """

    def __init__(self, recipe: Recipe, contract: int, columns: Mapping[str, int], models: Mapping[str, Model] = MODELS) -> None:
        if recipe.model not in models:
            raise ConfigError(f"recipe {recipe.name}: there is no model {recipe.model!r}; there are {', '.join(models)}")
        self.recipe, self.contract = recipe, contract
        self._entry = models[recipe.model]
        self._pick = _picker(recipe.bind(columns))
        self._n_needed = max(1, -int(-recipe.min_share * len(recipe.features) // 1))
        self._horizon_ns, self._every_ns = recipe.horizon_ns, recipe.every_ns
        self._labels = LabelLedger(horizon_ns=recipe.horizon_ns, every_ns=recipe.every_ns)
        self._log = LearnLog(recipe.features)
        self._standing: Forecast | None = None
        self._last_ns = 0
        self.span_ns: tuple[int, int] | None = None  # when the first and the last learnt row was made
        self.generation = self.n_drifts = 0
        self._start(build(self._entry, recipe), 0)

    def _start(self, model: Estimator, n_model: int) -> None:
        """Take a model as the one that speaks: what was known of another one's errors is not known of this."""
        self._model, self._n_model = model, n_model
        self._background: Estimator | None = None
        self._n_background = 0
        self.reliability = self._new_table()
        self._watch = DriftWatch(delta=self.recipe.drift_delta, warns=self.recipe.on_drift == "background")

    def _new_table(self) -> Reliability:
        return Reliability(min_outcomes=self.recipe.min_outcomes, max_outcomes=self.recipe.max_outcomes)

    def update(
        self, t_end_ns: int, row: Sequence[float], warm: Sequence[int], mid2: int | None, is_broken: bool, facts: list[AnyFact]
    ) -> Forecast | None:
        """Take one closed bar of this contract.

        Parameters
        ----------
        t_end_ns
            When the bar ended; rises from call to call.
        row, warm
            All feature columns of this contract, and for each whether it means something.
        mid2
            Bid + ask in quanta at the close (twice the close where there are bars only), `None` if unknown.
        is_broken
            Whether an opening or a gap lies in the bar.
        facts
            What this bar makes true is appended.

        Returns
        -------
        Forecast or None
            What this learner says now: made at this bar, or at the last one on its cadence and still standing. `None`: nothing.

        Raises
        ------
        InvariantError
            If time does not rise, or a label would be learnt before its horizon.
        """
        if t_end_ns <= self._last_ns:
            raise InvariantError(f"{self.recipe.name} on {self.contract}: a bar that ended at {t_end_ns} after one at {self._last_ns}")
        self._last_ns = t_end_ns
        if is_broken or mid2 is None:
            self.void(facts)
            return None
        if len(self._labels):
            self._mature(t_end_ns, mid2, facts)
        if t_end_ns % self._every_ns:
            return self._standing
        x = self._present(row, warm)
        if len(x) < self._n_needed:
            self._standing = None
            return None
        p = p_up(self._model, x) if self._n_model >= self.recipe.min_labels else None
        self._labels.add(Label(t_end_ns, x, mid2, p, self.generation))
        if p is None:
            self._standing = None
            return None
        forecast = self._standing = Forecast(p, self.reliability.confidence(p), self._horizon_ns)
        facts.append(ForecastMade(self.contract, self.recipe.name, p, forecast.confidence, self._horizon_ns))
        return forecast

    def void(self, facts: list[AnyFact]) -> None:
        """Drop the labels under way and the standing forecast: a gap, the end of a session, a roll."""
        self._standing = None
        if n := self._labels.void():
            facts.append(LabelsVoided(self.contract, self.recipe.name, n))

    def _present(self, row: Sequence[float], warm: Sequence[int]) -> Row:
        values, marks, names = self._pick(row), self._pick(warm), self.recipe.features
        total = sum(values)  # a nan anywhere makes it one, and a nan is not equal to itself
        if 0 not in marks and total == total and min(values) > -FEATURE_LIMIT and max(values) < FEATURE_LIMIT:
            return dict(zip(names, values, strict=True))
        # a nan fails both comparisons, so nothing that is not finite can reach a model
        return {
            name: value
            for name, value, is_warm in zip(names, values, marks, strict=True)
            if is_warm and -FEATURE_LIMIT < value < FEATURE_LIMIT
        }

    def _mature(self, t_end_ns: int, mid2: int, facts: list[AnyFact]) -> None:
        if n := self._labels.drop_late(t_end_ns):
            facts.append(LabelsVoided(self.contract, self.recipe.name, n))
        for label, up in self._labels.take(t_end_ns, mid2):
            if label.made_ns + self._horizon_ns > t_end_ns:
                raise InvariantError(f"{self.recipe.name}: the label of {label.made_ns} was to be learnt at {t_end_ns}, before its horizon")
            facts.append(LabelMatured(self.contract, self.recipe.name, label.made_ns, label.p_up, up))
            sign = self._judge(label, up)
            self._learn(label, up)
            if sign is not Sign.NONE:
                self._react(sign, facts)

    def _judge(self, label: Label, up: bool) -> Sign:
        p = label.p_up
        if p is None or label.generation != self.generation:  # another model said it: no evidence about this one
            return Sign.NONE
        self.reliability.update(p, up)
        return self._watch.update(0.5 if p == 0.5 else float((p > 0.5) is not up))

    def _learn(self, label: Label, up: bool) -> None:
        self._log.note(label.made_ns, label.x, up)
        self._model.learn_one(label.x, up)
        self._n_model += 1
        self.span_ns = (self.span_ns[0] if self.span_ns else label.made_ns, label.made_ns)
        if self._background is not None:
            self._background.learn_one(label.x, up)
            self._n_background += 1
            if self._n_background > BACKGROUND_FACTOR * max(self.recipe.min_labels, 1):
                self._background, self._n_background = None, 0

    def _react(self, sign: Sign, facts: list[AnyFact]) -> None:
        if sign is Sign.WARNING:
            if self._background is None:
                self._background = build(self._entry, self.recipe)
            return
        self.n_drifts += 1
        facts.append(DriftSeen(self.contract, self.recipe.name))
        if self.recipe.on_drift == "tell":
            return
        self._log.mark(self.recipe.on_drift)
        self._standing = None
        self.generation += 1
        if self._background is None:
            self._start(build(self._entry, self.recipe), 0)
        else:
            self._start(self._background, self._n_background)

    @property
    def n_learnt(self) -> int:
        """Labels learnt in its whole life, by whichever of its models."""
        return self._log.n

    @property
    def has_background(self) -> bool:
        """Whether a second model is learning beside the one that speaks."""
        return self._background is not None

    @property
    def labels(self) -> LabelLedger:
        """Its labels under way, and how many matured, tied, were voided."""
        return self._labels

    @property
    def model_digest(self) -> str:
        """Hash of all its model learnt, in order, and of what the model says to fixed questions."""
        return model_digest(self._log, lambda x: p_up(self._model, x), self.recipe.features)

    def digest(self) -> str:
        """Hash of its whole state: model, learn log, labels under way, calibration, drift windows. Equal state, equal digest."""
        whole = (self.recipe.digest, self.contract, self._state(), self.model_digest, self._watch.numbers())
        return sha256(msgspec.msgpack.encode(whole)).hexdigest()

    def _state(self) -> _State:
        return _State(
            last_ns=self._last_ns,
            span_ns=self.span_ns,
            n_model=self._n_model,
            n_background=self._n_background,
            n_drifts=self.n_drifts,
            generation=self.generation,
            link=self._log.link,
            n_learnt=self._log.n,
            standing=self._standing,
            labels=self._labels.state(),
            outcomes=self.reliability.state(),
        )

    def snapshot(self) -> bytes:
        """Give its whole state; a learner that restores it goes on bit for bit as this one would."""
        models = (self._model, self._background, self._watch.state())
        return snapshot.seal(self.recipe.digest, self.contract, msgspec.msgpack.encode(self._state()), models)

    def restore(self, blob: bytes) -> None:
        """Take over what `snapshot` gave.

        Raises
        ------
        StoreError
            If it is damaged, or of another recipe, contract, River or Python; this learner is then unchanged.
        """
        body, models = snapshot.unseal(blob, self.recipe.digest, self.contract, self._entry.classes | drift.CLASSES)
        state = msgspec.msgpack.decode(body, type=_State)
        model, self._background, watch = models
        self._model, self._n_model, self._n_background = model, state.n_model, state.n_background
        self._last_ns, self._standing = state.last_ns, state.standing
        self.span_ns, self.n_drifts, self.generation = state.span_ns, state.n_drifts, state.generation
        self._log.link, self._log.n = state.link, state.n_learnt
        self._labels.load(state.labels)
        self.reliability = self._new_table()
        self.reliability.load(state.outcomes)
        self._watch.load(watch)


def _picker(numbers: tuple[int, ...]) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    if len(numbers) == 1:
        return lambda row: (row[numbers[0]],)  # itemgetter of one gives a bare value
    return itemgetter(*numbers)
