"""What an account has at once, what the broker said it has, and how soon a contract may be asked for again."""

from __future__ import annotations

from workbench.domain.units import SECOND
from workbench.venues.ib.budget import BELIEVED_NS, Budget, Use
from workbench.venues.ib.streams import Source


def test_trades_and_quotes_tick_by_tick_take_from_one_pool_and_lines_from_another() -> None:
    use = Use(Budget(lines=1, by_tick=2, depth=1))
    for req_id, source in enumerate((Source.LEVEL1, Source.LAST, Source.BID_ASK)):
        assert use.room(source) > 0
        use.take(req_id, source)
    assert [use.room(source) for source in (Source.LEVEL1, Source.LAST, Source.BID_ASK, Source.DEPTH)] == [0, 0, 0, 1]
    use.give_back(1)
    assert use.room(Source.BID_ASK) == 1


def test_a_refusal_for_want_of_room_is_believed_for_a_while() -> None:
    use = Use(Budget(depth=3))
    use.take(1, Source.DEPTH)
    use.refused(Source.DEPTH, 5)
    assert use.room(Source.DEPTH, 6) == 0
    assert use.room(Source.DEPTH, 5 + BELIEVED_NS) == 2
    use.refused(Source.DEPTH, 5)
    use.clear()
    assert use.room(Source.DEPTH, 6) == 3


def test_the_spacing_of_a_contract_outlives_the_connection_and_holds_for_tick_by_tick_alone() -> None:
    use = Use(Budget())
    use.asked(1, Source.LAST, 100)
    use.clear()
    assert use.due_ns(1, Source.BID_ASK) >= 100 + 15 * SECOND
    assert (use.due_ns(2, Source.BID_ASK), use.due_ns(1, Source.DEPTH)) == (0, 0)
