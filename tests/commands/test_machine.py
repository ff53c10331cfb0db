"""What is measured of a machine is measured, and leaves nothing behind. The verdicts have their doctests."""

from pathlib import Path

from workbench.commands import machine
from workbench.commands.machine import State


def test_a_folder_that_cannot_be_written_is_wrong():
    assert machine.folder(Path("/proc/data")).state is State.WRONG  # not even for root; macOS has no /proc and a read-only /


def test_a_data_folder_is_looked_at_but_not_made(tmp_path):
    assert machine.folder(tmp_path / "a" / "data").state is State.OK
    assert machine.measure_flush(tmp_path) > 0
    assert not list(tmp_path.iterdir())


def test_a_file_system_that_cannot_flush_is_wrong(tmp_path):
    assert machine.flush(lambda: machine.measure_flush(tmp_path / "gone")).state is State.WRONG


def test_a_clock_of_another_year_is_wrong():
    assert machine.clock(lambda: 0, lambda: 0).state is State.WRONG
