"""Window groups: listed, watched, set by one client and told to another."""

from __future__ import annotations

from tests.gateway.raw import Raw, codes
from tests.gateway.worlds import es, settings, tape
from workbench import wire
from workbench.gateway import build


def test_what_one_client_shows_in_a_group_is_told_to_all_who_watch_it():
    gateway = build.gateway(settings(), tape(5), [es()])
    one, two = Raw(gateway, 1), Raw(gateway, 2)
    one.take(), two.take()
    assert one.ask(wire.QueryDisplayGroups(3)) == [wire.DisplayGroupList(3, "1|2|3|4|5|6|7")]
    assert one.ask(wire.SubscribeToGroupEvents(3, 1)) == [wire.DisplayGroupUpdated(3, "none")]
    assert two.ask(wire.SubscribeToGroupEvents(8, 1)) == [wire.DisplayGroupUpdated(8, "none")]
    assert one.ask(wire.UpdateDisplayGroup(3, "756733@SMART")) == [wire.DisplayGroupUpdated(3, "756733@SMART")]
    two.listen()
    assert two.take() == [wire.DisplayGroupUpdated(8, "756733@SMART")]
    assert two.ask(wire.UnsubscribeFromGroupEvents(8)) == []
    one.ask(wire.UpdateDisplayGroup(3, "none"))
    two.listen()
    assert two.take() == []


def test_a_group_there_is_none_of_and_a_watch_that_was_not_begun_are_errors():
    raw = Raw(build.gateway(settings(), tape(5), [es()]))
    raw.take()
    assert codes(raw.ask(wire.SubscribeToGroupEvents(1, 8), wire.UpdateDisplayGroup(1, "756733@SMART"))) == [321, 300]
    assert raw.ask(wire.UnsubscribeFromGroupEvents(77)) == []
