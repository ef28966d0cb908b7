from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.changes.hunks import hunks, without

OLD = "".join(f"line {number}\n" for number in range(1, 41))
NEW = OLD.replace("line 5\n", "line five\n").replace("line 30\n", "line 30\nand more\n").replace("line 40\n", "")


def test_changes_far_from_each_other_are_hunks_of_their_own() -> None:
    first, second, third = hunks(OLD, NEW)

    assert (first.number, first.old_start, first.old_count, first.new_start, first.new_count) == (0, 2, 7, 2, 7)
    assert first.lines == [" line 2", " line 3", " line 4", "-line 5", "+line five", " line 6", " line 7", " line 8"]
    assert (second.old_start, second.new_start, second.new_count) == (28, 28, 7)
    assert third.lines[-1] == "-line 40"


def test_a_rejected_hunk_is_as_it_was_and_the_others_stay() -> None:
    assert without(OLD, NEW, {0}) == NEW.replace("line five\n", "line 5\n")
    assert without(OLD, NEW, {1, 2}) == OLD.replace("line 5\n", "line five\n")
    assert without(OLD, NEW, {7}) == NEW


def test_a_file_that_came_or_went_is_one_hunk() -> None:
    [made] = hunks(None, "a\nb")
    assert (made.old_start, made.old_count, made.new_start, made.new_count, made.lines) == (0, 0, 1, 2, ["+a", "+b"])
    assert without(None, "a\nb", {0}) is None
    [gone] = hunks("", None)
    assert gone.lines == []
    assert without("", None, {0}) == ""
    assert without("a", None, ()) is None


def test_a_last_line_without_its_end_is_a_change() -> None:
    assert len(hunks("a\n", "a")) == 1
    assert without("a\n", "a", {0}) == "a\n"


texts = st.lists(st.sampled_from(["a\n", "b\n", "c\r\n", "\n", "d\n"]), max_size=30).map("".join)


@given(texts, texts)
def test_all_rejected_is_the_old_text_and_none_the_new(old: str, new: str) -> None:
    numbers = [hunk.number for hunk in hunks(old, new)]
    assert without(old, new, numbers) == old
    assert without(old, new, ()) == new
    assert (numbers == []) == (old == new)
