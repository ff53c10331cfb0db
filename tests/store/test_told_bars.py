"""Bars that the broker told: from the file of whoever hears them into a table, each once, whoever dies where."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from workbench.domain.units import DAY, MINUTE, SECOND
from workbench.store.folders import Folders
from workbench.store.told_bars import ToldBar, ToldBarTable, ToldFile, pack

MONDAY, TUESDAY = 20261116, 20261117
MIDNIGHT = 20_000 * DAY


def bar(n: int, contract: int = 1, *, late_ns: int = 0) -> ToldBar:
    start_ns = MIDNIGHT + n * 5 * SECOND
    return ToldBar(start_ns, contract, 24_001, 24_003, 24_000, 24_002, 7, 6000.375, 3, start_ns + 5 * SECOND + late_ns)


def by_day(ns: Sequence[int]) -> list[int]:
    return [MONDAY if each < MIDNIGHT + DAY else TUESDAY for each in ns]


def files(data: Path) -> list[Path]:
    return sorted(Folders(data).told.iterdir())


def test_what_is_told_comes_back_as_it_was_and_each_bar_once(tmp_path: Path) -> None:
    told, table = ToldFile(tmp_path), ToldBarTable(tmp_path)
    first = [bar(0), bar(0, 2)._replace(wap_pts=None), bar(1)]
    assert [told.take(each) for each in [*first, bar(1), bar(0)]] == [True, True, True, False, False]
    assert table.take_up(by_day) == 3 and table.take_up(by_day) == 0
    assert told.take(bar(2)) and ToldBarTable(tmp_path).take_up(by_day) == 1
    assert table.read(MONDAY) == [*first, bar(2)] and table.sessions() == [MONDAY]


def test_a_day_is_a_file_and_a_file_that_was_taken_goes_when_it_is_not_the_newest(tmp_path: Path) -> None:
    told, table, a_day = ToldFile(tmp_path), ToldBarTable(tmp_path), DAY // (5 * SECOND)
    for n in (0, 1, a_day, a_day + 1):
        told.take(bar(n))
    assert len(files(tmp_path)) == 2 and table.take_up(by_day) == 4 and len(files(tmp_path)) == 1
    told.take(bar(a_day + 2))
    assert table.take_up(by_day) == 1 and (len(table.read(MONDAY)), len(table.read(TUESDAY))) == (2, 3)


def test_who_dies_between_two_sessions_is_followed_by_one_that_doubles_nothing(tmp_path: Path) -> None:
    told, a_day = ToldFile(tmp_path), DAY // (5 * SECOND)
    for n in (a_day - 2, a_day - 1):
        told.take(bar(n, late_ns=30 * SECOND))  # both are told on the day after
    told.take(bar(a_day))
    table = ToldBarTable(tmp_path)
    [path] = files(tmp_path)
    on_monday = [bar(n, late_ns=30 * SECOND) for n in (a_day - 2, a_day - 1)]
    assert table.table.append(MONDAY, on_monday, (f"told_bars/{path.stem}", 2))
    for _ in range(2):
        ToldBarTable(tmp_path).take_up(by_day)
    assert (len(table.read(MONDAY)), table.read(TUESDAY)) == (2, [bar(a_day)])


def test_the_next_recorder_writes_a_file_of_its_own_and_half_a_row_is_none(tmp_path: Path) -> None:
    table = ToldBarTable(tmp_path)
    ToldFile(tmp_path).take(bar(0))
    with files(tmp_path)[0].open("ab") as file:
        file.write(pack(bar(1))[:40])  # it was killed by the power
    assert table.take_up(by_day) == 1
    ToldFile(tmp_path).take(bar(2))
    assert table.take_up(by_day) == 1 and [each.start_ns for each in table.read(MONDAY)] == [bar(0).start_ns, bar(2).start_ns]


def test_a_disk_that_takes_nothing_stops_nobody_and_is_tried_again_later(tmp_path: Path) -> None:
    told = ToldFile(tmp_path)
    Folders(tmp_path).told.write_text("in the way")
    assert not told.take(bar(0))
    Folders(tmp_path).told.unlink()
    assert not told.take(bar(1)) and told.take(bar(1 + MINUTE // (5 * SECOND)))
    assert ToldBarTable(tmp_path).take_up(by_day) == 1


def test_where_nobody_told_any_there_is_no_table(tmp_path: Path) -> None:
    table = ToldBarTable(tmp_path)
    assert table.take_up(by_day) == 0 and table.sessions() == [] and table.read(MONDAY) == []
    assert not Folders(tmp_path).told_bars.exists()
