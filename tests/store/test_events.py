"""The event file: what a killed process had begun."""

from pathlib import Path

import pytest

from digest.store import Trace, forget_events, open_events, read_events


def leave_behind(folder: Path, *, fence: int = 1, replied: dict[int, int] | None = None) -> None:
    """What a process leaves that dies after starting 7 and 8."""
    with pytest.raises(KeyboardInterrupt), open_events(folder, "daily@x", 1, fence) as events:
        for id in (7, 8):
            events.started(id)
        for id, code in (replied or {}).items():
            events.replied(id, code)
        raise KeyboardInterrupt


def test_what_was_started_and_answered_is_read_back(tmp_path: Path) -> None:
    leave_behind(tmp_path, replied={7: 250})
    trace = read_events(tmp_path, "daily@x", 1, 1)
    assert trace == Trace(trusted=True, started=frozenset({7, 8}), replied={7: 250})


def test_no_file_is_no_evidence(tmp_path: Path) -> None:
    assert not read_events(tmp_path, "daily@x", 1, 1).trusted


def test_a_claim_that_ends_in_order_leaves_no_file(tmp_path: Path) -> None:
    with open_events(tmp_path, "daily@x", 1, 1) as events:
        events.started(7)
    assert list(tmp_path.iterdir()) == []


def test_what_is_settled_is_forgotten(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), open_events(tmp_path, "daily@x", 1, 1) as events:
        events.started(7)
        events.settled()
        events.started(9)
        raise KeyboardInterrupt
    assert read_events(tmp_path, "daily@x", 1, 1).started == {9}


def test_who_was_given_back_is_not_begun_until_another_relay_is_offered_it(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), open_events(tmp_path, "daily@x", 1, 1) as events:
        for id in (7, 8, 9):
            events.started(id)
            events.given_back(id)
        events.started(8)
        events.started(9)
        events.replied(9, 250)
        raise KeyboardInterrupt
    trace = read_events(tmp_path, "daily@x", 1, 1)
    assert trace == Trace(trusted=True, started=frozenset({8, 9}), replied={9: 250})


def test_a_start_after_an_answer_has_no_answer_yet(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), open_events(tmp_path, "daily@x", 1, 1) as events:
        events.started(7)
        events.replied(7, 421)
        events.started(7)
        raise KeyboardInterrupt
    trace = read_events(tmp_path, "daily@x", 1, 1)
    assert trace == Trace(trusted=True, started=frozenset({7}))


def test_a_record_cut_short_by_the_kill_is_passed_over(tmp_path: Path) -> None:
    leave_behind(tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-5])
    assert read_events(tmp_path, "daily@x", 1, 1).started == {7}


def test_a_file_of_before_a_restart_is_not_believed(tmp_path: Path) -> None:
    leave_behind(tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"x" * 32 + file.read_bytes()[32:])
    assert read_events(tmp_path, "daily@x", 1, 1) == Trace()


def test_only_the_claim_that_opened_the_window_is_believed(tmp_path: Path) -> None:
    leave_behind(tmp_path, fence=9, replied={7: 250})
    assert read_events(tmp_path, "daily@x", 1, 9).replied == {7: 250}
    # Claim 10 was another machine's: its window is in doubt, whatever claim 9 noted here.
    assert not read_events(tmp_path, "daily@x", 1, 10).trusted
    leave_behind(tmp_path, fence=10)
    forget_events(tmp_path, "daily@x", 1)
    assert list(tmp_path.iterdir()) == []


def test_chunks_do_not_read_each_others_files(tmp_path: Path) -> None:
    leave_behind(tmp_path)
    assert not read_events(tmp_path, "daily@x", 11, 1).trusted
    assert not read_events(tmp_path, "daily@y", 1, 1).trusted
