"""What past sessions were like is learned from a recording, and counts where it is slower."""

from __future__ import annotations

from tests.market.silence.feeds import T0, feed, log, verdicts, without
from workbench.domain.records import Phase
from workbench.domain.units import SECOND
from workbench.market.fold import Market
from workbench.market.silence.profile import Profile, give, learned, pace
from workbench.market.state import N_PARTS, PART_NS

AT = T0 % (86_400 * SECOND) // PART_NS + N_PARTS // 2  # the quarter of an hour the feeds begin in, in regular hours


def test_a_recording_teaches_what_pace_a_contract_has_at_this_time_of_day() -> None:
    records = log([feed(3, 2_000, 20)], 2_000)
    profile = learned(records, [3])[3]
    known = [at for at, rate in enumerate(profile.rates) if rate]
    assert known == [AT, AT + 1] and all(90 * 256 < profile.rates[at] < 110 * 256 for at in known)
    again = learned(records, [3], {3: Profile(profile.pauses_ms, tuple(2 * rate for rate in profile.rates))})[3]
    assert again.rates[AT] == 2 * profile.rates[AT] + (profile.rates[AT] - 2 * profile.rates[AT]) // 4


def test_who_is_known_is_judged_from_the_first_minute() -> None:
    early = log([without(feed(3, 300, 20), 3, 60.0, 100.0)], 300)
    market = Market([3])
    give(market, 0, learned(log([feed(3, 2_000, 20)], 2_000), [3])[3])
    assert [((ns - T0) // SECOND, is_silent) for _, ns, is_silent in verdicts(market, early)] == [(68, True), (101, False)]
    assert pace(market, 0).rates[AT]


def test_what_used_to_be_slower_or_thinner_is_given_longer() -> None:
    stalled = log([without(feed(3, 600, 20), 3, 300.0, 340.0)], 600)
    nothing = [0] * N_PARTS
    slow, rates = nothing.copy(), nothing.copy()
    slow[AT], rates[AT] = 20_000, 100 * 256
    market = Market([3])
    give(market, 0, Profile(tuple(slow), tuple(rates)))
    assert [((ns - T0) // SECOND, is_silent) for _, ns, is_silent in verdicts(market, stalled)] == [(320, True), (341, False)]
    rates[AT] = 2 * 256
    give(market := Market([3]), 0, Profile(tuple(nothing), tuple(rates)))
    assert verdicts(market, stalled) == []


def test_the_pace_of_the_night_says_nothing_about_regular_hours() -> None:
    night = learned(log([feed(3, 2_000, 3)], 2_000, ((0, Phase.ETH),)), [3])[3]
    assert night.rates[AT - N_PARTS // 2] and not night.rates[AT]
