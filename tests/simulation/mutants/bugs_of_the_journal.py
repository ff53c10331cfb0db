"""Bugs in what is written and when: the turn, the journal, its chain, records that it carries."""

from __future__ import annotations

from typing import Final

from tests.simulation.mutants.planting import Bug, Edit

LOG, JOURNAL, TAIL = "runtime.log:RunLog", "store.journal:Journal", "store.tail:Tail"
ADDED = "self._rows.append((row_id, after_seq, n, recv_ns, what, v, body, made))"
SWAPPED = f"{ADDED}; self._rows[-2:] = [(*a[:1], *b[1:]) for a, b in zip(self._rows[-2:], self._rows[-2:][::-1], strict=True)]"
SENDS = "            for command in commands:\n                await venue.send(command)\n"

BUGS: Final = (
    Bug(
        "a command is sent, then written",
        "The commit of a turn stands behind its orders.",
        "I2",
        (Edit("runtime.loop:run", f"            log.commit()\n{SENDS}", f"{SENDS}            log.commit()\n"),),
        0,
    ),
    Bug(
        "a turn is not committed",
        "Events and commands wait for the next second's sync.",
        "I2",
        (Edit(f"{LOG}._commit", "self._journal.commit()", "pass"),),
        "runtime/test_log.py::test_facts_of_a_record_stand_behind_it_and_those_of_an_event_behind_the_event",
    ),
    Bug(
        "a commit does not reach the disk",
        "The journal is written without a sync: a power cut takes what was promised.",
        "I2",
        (Edit(f"{JOURNAL}._prepare_file", "synchronous = FULL", "synchronous = OFF"),),
        28,
    ),
    Bug(
        "records ahead of the tail are lost",
        "A commit does not carry the records that its commands were decided by.",
        "I17",
        (Edit(f"{LOG}._commit", "self._journal.carry(self._last_seq, body)", "pass"),),
        "runtime/test_log.py::test_one_commit_makes_a_turn_durable_and_a_sync_puts_its_records_where_they_belong",
    ),
    Bug(
        "what the journal carried is not put back",
        "After a power cut the tail stays without the records that were durable in the journal alone.",
        "I17",
        (Edit("store.ahead:put_back", "if held.name in lost:", "if False:"),),
        "store/test_ahead.py::test_what_a_journal_carried_is_put_back_in_its_place_and_twice_is_once",
    ),
    Bug(
        "facts stand before their event",
        "The key of what an event led to says that it was there before.",
        "I23",
        (Edit(f"{LOG}.keep", "n = self.key[1] if self.key[0] == after_seq else 0", "n = 0"),),
        "runtime/test_log.py::test_facts_of_a_record_stand_behind_it_and_those_of_an_event_behind_the_event",
    ),
    Bug(
        "two rows change places",
        "The second row of a turn is written before the first.",
        "I21",
        (Edit(f"{JOURNAL}._add", ADDED, SWAPPED),),
        "store/test_journal.py::test_what_is_committed_is_read_back_in_its_order",
    ),
    Bug(
        "the chain is not looked at",
        "A row that was edited is read like any other.",
        "I21",
        (Edit("store.chain:follow", "if made != found:", "if False:"),),
        "store/test_entries.py::test_an_edit_a_drop_a_move_and_a_truncation_are_found",
    ),
    Bug(
        "a row may be missing",
        "A journal with a hole is whole.",
        "I21",
        (
            Edit("store.chain:follow", "if row_id != head.id + 1:", "if False:"),
            Edit("store.chain:follow", "digest(head.digest, row_id,", "found if row_id != head.id + 1 else digest(head.digest, row_id,"),
        ),
        "store/test_entries.py::test_an_edit_a_drop_a_move_and_a_truncation_are_found",
    ),
    Bug(
        "a commit that failed is forgotten",
        "What a full disk refused is not tried again: the rows are gone.",
        "I20",
        (Edit(f"{JOURNAL}.commit", "except sqlite3.Error as error:", "except sqlite3.Error as error:\n        self._rows.clear()"),),
        "store/test_journal.py::test_a_full_disk_commits_nothing_and_may_be_tried_again",
    ),
    Bug(
        "a run is taken up though it goes another way",
        "What is made again is not held against what the log says.",
        "I23",
        (Edit(f"{LOG}._must_be_same", "if held != made and", "if False and"),),
        "runtime/test_log.py::test_a_past_that_was_altered_stops_the_run",
    ),
)
