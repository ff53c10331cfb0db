"""Every code that is known to come has one class, one deed, and where a person can do something, a remedy."""

from __future__ import annotations

import pytest

from workbench.venues.ib.codes import CODES, CONNECTION, DATA, ORDERS, REQUESTS, CodeKind, kind, meaning

CATALOGUE = {  # the broker's codes that a live system has met, and what each must be to us
    "link_lost": [1100, 2110],
    "link_restored_lost": [1101],
    "link_restored_kept": [1102],
    "socket_moved": [1300],
    "farm_lost": [2103],
    "farm_ok": [2104],
    "farm_idle": [2108, 2119],
    "history_farm_lost": [2105],
    "history_farm_ok": [2106, 2107],
    "reference_farm_lost": [2157],
    "reference_farm_ok": [2158],
    "order_message": [2109, 2137, 2161, 10349, 399, 404],
    "info": [2174, 2100, 2152],
    "pacing": [100, 420],
    "order_unknown_outcome": [103, 104, 10148, 10147, 161],
    "request_refused": [200, 300, 322, 321],
    "order_rejected": [201, 110, 105, 434, 463],
    "order_cancelled": [202],
    "history": [162, 165, 166, 366, 10339],
    "budget": [309, 101, 10190],
    "data_reset": [317],
    "data_refused": [354, 10186, 10089, 10090, 10091, 10168],
    "data_delayed": [10167],
    "session_competing": [10197],
    "data_lost": [10182, 10225],
    "config": [435, 10268, 10311, 10329, 502, 503],
    "fatal": [504, 507],
    "id_in_use": [326],
}


@pytest.mark.parametrize(("name", "codes"), CATALOGUE.items(), ids=list(CATALOGUE))
def test_a_code_of_the_fault_catalogue_is_what_it_is_known_to_be(name: str, codes: list[int]) -> None:
    assert {code: kind(code) for code in codes} == dict.fromkeys(codes, name)


def test_a_code_stands_in_one_part_of_the_table_only() -> None:
    assert len(CODES) == sum(len(part) for part in (CONNECTION, DATA, REQUESTS, ORDERS))


def test_a_code_that_nobody_wrote_down_is_unknown_and_says_so() -> None:
    assert meaning(99_999).kind == CodeKind.UNKNOWN
    assert "REDUCING" in meaning(99_999).does


def test_every_code_says_what_the_workbench_does() -> None:
    assert all(each.does for each in CODES.values())


def test_what_a_person_can_help_has_a_remedy() -> None:
    helped = {
        CodeKind.DATA_REFUSED,
        CodeKind.DATA_DELAYED,
        CodeKind.SESSION_COMPETING,
        CodeKind.ID_IN_USE,
        CodeKind.CONFIG,
        CodeKind.BUDGET,
    }
    bare = [code for code, each in CODES.items() if each.kind in helped and not each.remedy]
    assert bare in ([], [327])
