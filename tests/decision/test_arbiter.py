"""Of several wishes for one contract one goes to risk; nobody's wish is lost, none is made up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.decision.arbiter import rank
from workbench.domain.decisions import Proposal, Reason
from workbench.domain.orders import Key, OrderType

pytestmark = pytest.mark.covers("S1-25", "S2-35")
confidences = st.one_of(st.none(), st.floats(0, 1))
keys = st.builds(Key, st.sampled_from(["a", "shadow:b"]), st.integers(1, 3), st.sampled_from(["p", "q", "r", "s"]))


def wish(confidence: float | None = None) -> Proposal:
    return Proposal(1, OrderType.MARKET, 100, 98, 104, 1, confidence)


def weight(of: Proposal) -> float:
    return 0.5 if of.confidence is None else of.confidence


def test_nobody_wishes_nobody_goes() -> None:
    assert rank([]) == ([], [])


def test_the_most_confident_goes_and_the_others_are_told_by_how_much() -> None:
    wishes = [(Key("a", 1, name), wish(c)) for name, c in (("rule", None), ("sure", 0.8), ("doubt", 0.3))]
    go, out = rank(wishes)
    assert [key.strategy for key, _ in go] == ["sure"]
    assert [(each.key.strategy, each.reason, each.value, each.threshold) for each in out] == [
        ("rule", Reason.OUTRANKED, 0.5, 0.8),
        ("doubt", Reason.OUTRANKED, 0.3, 0.8),
    ]


def test_of_equals_the_first_listed_goes() -> None:
    wishes = [(Key("a", 1, name), wish(c)) for name, c in (("first", 0.5), ("second", None), ("third", 0.5))]
    assert [key.strategy for key, _ in rank(wishes)[0]] == ["first"]


def test_other_contracts_and_other_accounts_do_not_compete() -> None:
    wishes = [(Key("a", 1, "p"), wish(0.9)), (Key("a", 2, "p"), wish(0.1)), (Key("shadow:b", 1, "p"), wish(0.2))]
    assert rank(wishes) == (wishes, [])


@given(st.lists(st.tuples(keys, confidences.map(wish)), max_size=12, unique_by=lambda each: each[0]))
def test_every_wish_goes_or_is_refused_and_each_contract_has_one_that_goes(wishes: list[tuple[Key, Proposal]]) -> None:
    go, out = rank(wishes)
    assert sorted([*[key for key, _ in go], *[each.key for each in out]]) == sorted(key for key, _ in wishes)
    places = [(key.account, key.contract) for key, _ in go]
    assert len(set(places)) == len(places) and set(places) == {(key.account, key.contract) for key, _ in wishes}
    best = {place: max(weight(w) for key, w in wishes if (key.account, key.contract) == place) for place in places}
    assert all(weight(w) == best[key.account, key.contract] for key, w in go)
    assert [each for each in wishes if each in go] == sorted(go, key=wishes.index)
    first_named = list(dict.fromkeys((key.account, key.contract) for key, _ in wishes))
    assert places == first_named  # contract by contract, as they came
    assert all(each.reason is Reason.OUTRANKED and each.value <= each.threshold for each in out)
