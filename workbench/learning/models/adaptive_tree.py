"""A Hoeffding tree that replaces branches whose error rises: for what is not linear, at five times the logistic's cost."""

from __future__ import annotations

from typing import Final

from workbench.learning.models.base import Estimator, Model


def build(*, grace_period: int = 200, max_depth: int = 5, delta: float = 1e-5, seed: int = 1) -> Estimator:
    """Make River's ``HoeffdingAdaptiveTreeClassifier``.

    Parameters
    ----------
    grace_period
        Labels a leaf sees between two attempts to split.
    max_depth
        Bounds its memory: at most 2 ** (max_depth + 1) leaves.
    delta
        Significance of a split, 0 to 1.
    seed
        Of its bootstrap; the same log and seed give the same tree.

    Notes
    -----
    Bifet and Gavalda (2009), Adaptive learning from evolving data streams, IDA. A row without the feature of a branch takes the branch's
    most travelled side.
    """
    from river.tree import HoeffdingAdaptiveTreeClassifier

    estimator: Estimator = HoeffdingAdaptiveTreeClassifier(grace_period=grace_period, max_depth=max_depth, delta=delta, seed=seed)
    return estimator


MODEL: Final = Model(
    build,
    frozenset(
        {
            "random.Random",
            "river._river_rust.drift.AdaptiveWindowing",
            "river.drift.adwin.ADWIN",
            "river.proba.gaussian.Gaussian",
            "river.stats.mean.Mean",
            "river.stats.var.Var",
            "river.tree.hoeffding_adaptive_tree_classifier.HoeffdingAdaptiveTreeClassifier",
            "river.tree.nodes.hatc_nodes.AdaLeafClassifier",
            "river.tree.nodes.hatc_nodes.AdaNumBinaryBranchClass",
            "river.tree.splitter.gaussian_splitter.GaussianSplitter",
        }
    ),
)
