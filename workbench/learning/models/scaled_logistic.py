"""Logistic regression on features brought to one scale: the fast default, linear, one pass of gradient descent a label. No recipe."""

from __future__ import annotations

from typing import Final

from workbench.learning.models.base import Estimator, Model


def build(*, learning_rate: float = 0.01, l2: float = 1e-4, intercept_lr: float = 0.0) -> Estimator:
    """Make River's ``StandardScaler | LogisticRegression``.

    Parameters
    ----------
    learning_rate
        Constant step of plain SGD: features have mean 0 and deviation 1, so 0.01 forgets over some hundreds of labels.
    l2
        Pull of the weights towards 0.
    intercept_lr
        Step of the intercept. 0 keeps it at 0: what rose lately is no reason to say that it will rise, and labels that overlap
        would push a free intercept (River's own step is 0.01) to and fro with every trend.
    """
    from river.compose import Pipeline
    from river.linear_model import LogisticRegression
    from river.optim import SGD
    from river.preprocessing import StandardScaler

    estimator: Estimator = Pipeline(StandardScaler(), LogisticRegression(optimizer=SGD(learning_rate), l2=l2, intercept_lr=intercept_lr))
    return estimator


MODEL: Final = Model(
    build,
    frozenset(
        {
            "builtins.float",
            "collections.Counter",
            "collections.OrderedDict",
            "collections.defaultdict",
            "river._river_rust.vectordict.VectorDict",
            "river.compose.pipeline.Pipeline",
            "river.linear_model.log_reg.LogisticRegression",
            "river.optim.initializers.Zeros",
            "river.optim.losses.Log",
            "river.optim.schedulers.Constant",
            "river.optim.sgd.SGD",
            "river.preprocessing.scale.StandardScaler",
        }
    ),
)
