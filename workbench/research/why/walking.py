"""`why_order`: from an order back to the records it stands on. Reads journal, manifest and log; decides nothing, and hides no gap."""

from __future__ import annotations

from pathlib import Path

from workbench.config import load_settings
from workbench.domain.errors import WorkbenchError
from workbench.research.why import decided
from workbench.research.why.market import market
from workbench.research.why.notebook import made_by
from workbench.research.why.order import Order, find_order
from workbench.research.why.sources import Sources, sources
from workbench.research.why.story import Step, Story
from workbench.risk.constitution import Constitution
from workbench.runtime import build
from workbench.store.shadows import is_shadow


def why_order(word: str, data: Path | str, session: int | None = None, run: str | None = None) -> Story:
    """Tell why an order was sent.

    Parameters
    ----------
    word
        Number, ``#place``, reference or execution id of an order; see `order`.
    session, run
        As in `find_order`.

    Raises
    ------
    ConfigError
        The word names no order.
    DataError
        There is no such order; the text says which there are.

    Examples
    --------
    >>> print(why_order("7", "data", 20261119))     # doctest: +SKIP
    """
    folder, here = Path(data), sources(load_settings())
    order = find_order(word, folder, session, run)
    if order.submit is None:
        return Story(_title(order), (Step("order", "a position that a person handed over: nothing here decided it", {"ref": order.ref}),))
    contract = next(each for each in order.run.contracts if each.id == order.submit.key.contract)
    name = order.submit.key.strategy
    recipe = next((of for strategy, of in order.run.traders if strategy == name), "")
    strategy, made_of, law = here.strategy(name, recipe), here.recipe(recipe) if recipe else None, _law(order, here)
    limits, *seen = market(order, contract, folder, strategy, made_of, law)
    steps = [decided.sent(order, contract), decided.came(order, contract), decided.approved(order, law), limits]
    steps += [
        decided.proposal(order, contract),
        decided.strategy(order, strategy, recipe),
        *decided.forecasts(order, made_of, recipe),
        *seen,
    ]
    return Story(_title(order), (*steps, _made_with(order, here), made_by(here.settings.workspace, folder, name, recipe)))


def _title(order: Order) -> str:
    run = order.run
    mode = "SHADOW: modelled fills, nothing was sent" if is_shadow(run.account) else f"{run.mode}, account {run.account}"
    source = f", {run.source}" if run.source else ""
    return f"order {order.ref} of session {order.told.session} · {run.run} ({mode}{source}) · {order.journal}"


def _law(order: Order, here: Sources) -> Constitution | None:
    """Give the law the run had, if it is the one that is here."""
    try:
        law = build.constitution(order.run.profile, folder=build.laws_of(here.settings))
    except WorkbenchError:
        return None
    return law if law.digest == order.run.digests.get("constitution", law.digest) else None


def _made_with(order: Order, here: Sources) -> Step:
    held = here.of_run(order.run)
    words = {True: "as here", False: "ANOTHER ONE HERE", None: "not here"}
    parts = [f"{name} {digest[: decided.SHORT]} ({words[same]})" for name, (digest, same) in held.items()]
    said = f"law {order.run.profile}; {', '.join(parts) or 'its digests are not known'}"
    return Step(
        "made with", said, {name: {"digest": digest, "same_here": same} for name, (digest, same) in held.items()}, is_known=bool(parts)
    )
