"""A download asks no faster than allowed, keeps every answer at once, and goes on where it ended."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from tests.data import shared
from tests.importers.ib_history.pasts import ESH6, Flaky, FromFile, Strict, bars_of_file
from workbench.importers.ib_history import recorded
from workbench.importers.ib_history.download import GIVE_UP, download
from workbench.importers.ib_history.plan import Stretch, Wanted, questions
from workbench.importers.ib_history.shelf import Shelf
from workbench.simulation.virtual import run
from workbench.store.log import log_sessions, read_log

FOLDER = "firstrate_samples/2026-01-26_2026-02-09"
WANTED = Wanted("ES", date(2026, 1, 26), date(2026, 2, 9), 60)
ASKED = list(questions(Stretch(ESH6, WANTED.since, WANTED.until), WANTED, 2**62))
NOW_NS = 1_790_000_000_000_000_000


@pytest.fixture(scope="module")
def past():
    return [bar for bar in bars_of_file(shared(f"{FOLDER}/ES_1min_sample.csv")) if bar.start_ns < ASKED[-1].end_ns]


def load(data, source, asked=ASKED):
    return run(lambda _: download(asked, source, Shelf(data), NOW_NS))


def test_every_question_is_asked_once_and_answered(tmp_path, past):
    source = FromFile(past)
    done = load(tmp_path, source)
    assert (done.n_all, done.n_asked, done.left) == (11, 11, ())
    assert done.n_bars == len(past) and len(source.asked) == 11


def test_a_second_download_asks_nothing(tmp_path, past):
    load(tmp_path, FromFile(past))
    again = FromFile(past)
    done = load(tmp_path, again)
    assert again.asked == [] and (done.n_held, done.n_asked) == (11, 0)


@pytest.mark.parametrize("stopped_at", range(0, 11, 3))
def test_a_download_that_was_stopped_goes_on_where_it_ended(tmp_path, past, stopped_at):
    class Stops(FromFile):
        async def bars(self, asked):
            if len(self.asked) == stopped_at:
                raise asyncio.CancelledError
            return await super().bars(asked)

    with pytest.raises(asyncio.CancelledError):
        load(tmp_path, Stops(past))
    rest = FromFile(past)
    done = load(tmp_path, rest)
    assert len(rest.asked) == 11 - stopped_at and done.n_held == stopped_at


def test_small_bars_are_never_asked_too_fast(tmp_path, past):
    small = Wanted("ES", date(2026, 1, 26), date(2026, 2, 6), 5)
    asked = list(questions(Stretch(ESH6, small.since, small.until), small, 2**62))

    async def main(loop):
        source = Strict(past, loop)
        done = await download(asked, source, Shelf(tmp_path), NOW_NS)
        return source, done, loop.time()

    source, done, took_s = run(main)
    assert source.n_refused == 0 and done.n_asked == len(asked) == 230
    assert took_s > 4 * 600


def test_a_question_that_is_answered_late_is_asked_again(tmp_path, past):
    source = Flaky(past, 2)
    done = load(tmp_path, source)
    assert done.left == () and done.n_asked == 11


def test_a_source_that_is_gone_is_left_alone_and_nothing_is_taken_for_truth(tmp_path, past):
    source = Flaky(past, 99)
    done = load(tmp_path, source)
    assert len(done.left) == 11 and done.n_asked == 0 and len(source.tries) == GIVE_UP
    assert not any(Shelf(tmp_path).every())


def test_what_is_written_is_what_the_file_holds(tmp_path, past):
    load(tmp_path, FromFile(past))
    written = recorded.write(tmp_path, log_sessions_of(tmp_path), 60)
    assert written.held == () and written.report is not None
    assert len(log_sessions(tmp_path)) == 11
    from workbench.importers.bars import bars_of

    back = [bars_of(read_log(tmp_path, session)) for session in log_sessions(tmp_path)]
    closes = [ESH6.to_pts(px) for each in back for px in each.close.tolist()]
    assert closes == [float(bar.close) for bar in past]
    assert sum(int(each.volume.sum()) for each in back) == sum(int(bar.volume) for bar in past)


def test_a_session_that_belongs_to_somebody_else_is_left_alone(tmp_path, past):
    from tests.importers.test_base import csv_plan
    from workbench.importers import base

    base.keep(csv_plan([f"ES.c={shared(f'{FOLDER}/ES_1min_sample.csv')}"]), tmp_path)
    before = read_log(tmp_path, 20260202).tobytes()
    load(tmp_path, FromFile(past))
    written = recorded.write(tmp_path, log_sessions_of(tmp_path), 60)
    assert len(written.held) == 11 and written.report is None
    assert read_log(tmp_path, 20260202).tobytes() == before


def test_a_later_answer_joins_the_session_it_belongs_to(tmp_path, past):
    load(tmp_path, FromFile(past), ASKED[:2])
    recorded.write(tmp_path, [20260126, 20260127], 60)
    from workbench.config import load_roots

    spy = load_roots()["SPY"].contract(1)
    shares = Wanted("SPY", date(2026, 1, 26), date(2026, 1, 26), 60)
    of_spy = list(questions(Stretch(spy, shares.since, shares.until), shares, 2**62))
    load(tmp_path, FromFile(bars_of_file(shared(f"{FOLDER}/SPY_1min_sample.csv"))), of_spy)
    report = recorded.write(tmp_path, [20260126], 60).report
    assert report is not None and [set(each.contracts) for each in report.sessions] == [{"ESH6", "SPY"}]


def log_sessions_of(data):
    return {session for kept in Shelf(data).every() for session in recorded.sessions_of(kept)}
