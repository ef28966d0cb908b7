"""Weak models in a session with tools: whatever they send, the run ends with the right files, or pauses and says what to do.

``CALLS`` is the most model calls of one run of these tests: nobody pays for a model that goes in circles.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.errors import Paused
from agent.in_memory import read_tree
from agent.patch import Edits, apply_edits
from agent.ports import JSONObject, ModelCompletion, ModelProfile, ModelRequest, TaskSpec
from agent.team.edit_call import edits_of
from agent.tools import meant
from tests.agent.harness import Harness
from tests.agent.test_session import FINISH, LAST, NEW, OLD, TEST, ToolModel
from tests.support.drills import Draw, some_of
from tests.support.team_script import plan, review

pytestmark = pytest.mark.asyncio

TASK = TaskSpec("Let total() ignore prices that are None", output_mode="patch_existing")
PRICES, TESTS, LONG = "shop/prices.py", "tests/test_prices.py", "shop/long.py"
BEFORE = f"def total(prices):\n{OLD}"
AFTER = f"def total(prices):\n{NEW}"
CALLS = 50
Said = str | ModelCompletion | Sequence[tuple[str, JSONObject]]


def edit(old: str, new: str, path: str = PRICES, **more: object) -> tuple[str, JSONObject]:
    return ("edit", {"path": path, "old": old, "new": new, **more})


def said(text: str = "", *calls: tuple[str, JSONObject], raw: str = "", reason: str = "stop") -> ModelCompletion:
    """An answer of ``text`` and ``calls``; ``raw`` is what stood in the last one in place of JSON."""
    made = [{"id": f"w{number}", "name": name, "arguments": given} for number, (name, given) in enumerate(calls)]
    if raw:
        made[-1] |= {"arguments": {}, "raw": raw}
    return ModelCompletion(text, "scripted", 10, 5, tool_calls=made, finish_reason=reason)  # type: ignore[arg-type]


GOOD, DONE = edit(OLD, NEW), ("finish", FINISH)
CAREFUL: Sequence[Said] = ([GOOD], [DONE])
MANIFEST = f"FILE: {PRICES}\n{AFTER}"
BLOCKS = f"{PRICES}\n<<<<<<< SEARCH\n{OLD}=======\n{NEW}>>>>>>> REPLACE\n"
IN_TEXT = f"<tool_call>{json.dumps({'name': 'edit', 'arguments': GOOD[1]})}</tool_call>"
LOOK_IN_TEXT = '<tool_call>{"name": "read", "arguments": {"path": "shop/prices.py"}}</tool_call>'
FINISH_IN_TEXT = f"<tool_call>{json.dumps({'name': 'finish', 'arguments': FINISH})}</tool_call>"
NUMBERED = f"     1\tdef total(prices):\n     2\t{OLD}"
LONG_TEXT = "".join(f"def price_{number}():\n    return {number}\n\n\n" for number in range(2_000))


class WeakModel(ToolModel):
    def __init__(self, native: bool, **turns: Sequence[Said]) -> None:
        super().__init__(**turns)  # type: ignore[arg-type]
        self.native = native

    def profile(self, role: str) -> ModelProfile:
        return ModelProfile(self.name, native_tools=self.native)

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelCompletion:
        turn = len(self.of(request.action))
        turns = self.turns[request.action]
        answer = turns[min(turn, len(turns) - 1)]
        if not isinstance(answer, ModelCompletion):
            return await super().complete(request, on_text)
        self.requests.append(request)
        calls = [{**call, "id": f"c{len(self.requests)}-{call['id']}"} for call in answer.tool_calls]
        return ModelCompletion(
            answer.text,
            self.name,
            10,
            5,
            finish_reason=answer.finish_reason,
            tool_calls=calls,  # type: ignore[arg-type]
        )


@dataclass(frozen=True)
class Story:
    """What a weak model says as the engineer, and as whoever else is named in ``others``. ``paused`` is what the run pauses
    with; "" means that it ends with ``files``, which are those that differ from the start."""

    work: Sequence[Said]
    paused: str = ""
    files: dict[str, str] = field(default_factory=lambda: {PRICES: AFTER})
    others: dict[str, Sequence[Said]] = field(default_factory=dict)
    native: bool = True
    plan: Sequence[str] = (PRICES,)


UNIFIED = f"@@ -1,2 +1,2 @@\n def total(prices):\n-{OLD}+{NEW}"
ENVELOPE = f"*** Begin Patch\n*** Update File: {PRICES}\n@@\n-{OLD}+{NEW}*** End Patch\n"
AFTER_IT = {"command": "insert", "path": PRICES, "insert_line": 1}
EDITS: dict[str, tuple[str, JSONObject, str]] = {
    # names of other agents' tools and of their arguments
    "str_replace_editor": (
        "str_replace_editor", {"command": "str_replace", "path": PRICES, "old_str": OLD, "new_str": NEW, "view": []}, AFTER
    ),
    "old_string, new_string": ("Edit", {"file_path": PRICES, "old_string": OLD, "new_string": NEW, "all": False}, AFTER),
    "search, replace": ("replace_in_file", {"filename": PRICES, "search": OLD, "replace": NEW}, AFTER),
    "file_text": ("create", {"command": "create", "path": PRICES, "file_text": AFTER}, AFTER),
    "write_file": ("functions.write_file", {"path": PRICES, "contents": AFTER}, AFTER),
    "apply_patch": ("apply_patch", {"input": ENVELOPE}, AFTER),
    "a diff": ("edit", {"diff": f"--- a/{PRICES}\n+++ b/{PRICES}\n{UNIFIED}"}, AFTER),
    "insert": ("str_replace_editor", {**AFTER_IT, "new_str": "    # Sum."}, f"def total(prices):\n    # Sum.\n{OLD}"),
    "insert at the top": ("str_replace_editor", {**AFTER_IT, "insert_line": 0, "insert_text": "# A\n"}, f"# A\n{BEFORE}"),
    "insert at the end": ("str_replace_editor", {**AFTER_IT, "insert_line": 2, "new_str": "# Z\n"}, f"{BEFORE}# Z\n"),
    "a path beside a block": ("edit", {"path": PRICES, "patch": BLOCKS.partition("\n")[2]}, AFTER),
    "a path beside a hunk": ("edit", {"path": PRICES, "patch": UNIFIED}, AFTER),
    "all arguments, empty ones too": ("edit", {"path": PRICES, "old": OLD, "new": NEW, "content": "", "patch": ""}, AFTER),
    "a whole file beside empty ones": ("edit", {"path": PRICES, "old": "", "new": "", "content": AFTER}, AFTER),
    # texts that are not quite those of the file
    "numbers of read": ("edit", edit(f"    1| def total(prices):\n    2| {OLD}", AFTER)[1], AFTER),
    "numbers with tabs": ("edit", edit(NUMBERED, AFTER)[1], AFTER),
    "numbers on both sides": ("edit", edit(f"    2| {OLD}", f"    2| {NEW}")[1], AFTER),
    "a fence around both": ("edit", edit(f"```python\n{OLD}```", f"```python\n{NEW}```")[1], AFTER),
    "a fence around the old": ("edit", edit(f"```\n{OLD}```\n", NEW)[1], AFTER),
    "a fence around a whole file": ("edit", {"path": PRICES, "content": f"```python\n{AFTER}```\n"}, AFTER),
    "CRLF": ("edit", edit(OLD.replace("\n", "\r\n"), NEW.replace("\n", "\r\n"))[1], AFTER),
    "CRLF in a whole file": ("edit", {"path": PRICES, "content": AFTER.replace("\n", "\r\n")}, AFTER),
    "line ends in letters": ("edit", edit(OLD.replace("\n", "\\n"), NEW.replace("\n", "\\n"))[1], AFTER),
    "a path with ./": ("edit", edit(OLD, NEW, f"./{PRICES}")[1], AFTER),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
async def test_an_edit_is_understood_in_whatever_way_it_is_sent(tmp_path: Path, name: str) -> None:
    tool, arguments, after = EDITS[name]
    (tmp_path / "shop").mkdir()
    (tmp_path / PRICES).write_text(BEFORE)
    meaning, given = meant(tool, arguments)
    assert meaning == "edit"
    edits = edits_of(tmp_path, given)
    assert isinstance(edits, Edits), edits
    apply_edits(tmp_path, [edits])
    assert (tmp_path / PRICES).read_text() == after


NOT_MENDED = {
    "numbers that are the file's own": ("1| a\n2| b\n", "1| a\n", "1| c\n", "1| c\n2| b\n"),
    "a file of fences": ("```\nx\n```\n", "```\nx\n```\n", "```\ny\n```\n", "```\ny\n```\n"),
    "letters that stand in the file": ('print("a\\n")\n', 'print("a\\n")', 'print("b\\n")', 'print("b\\n")\n'),
}


@pytest.mark.parametrize("name", NOT_MENDED)
async def test_what_stands_in_the_file_is_taken_as_it_is(tmp_path: Path, name: str) -> None:
    before, old, new, after = NOT_MENDED[name]
    (tmp_path / "a.txt").write_text(before)
    edits = edits_of(tmp_path, {"path": "a.txt", "old": old, "new": new})
    assert isinstance(edits, Edits), edits
    apply_edits(tmp_path, [edits])
    assert (tmp_path / "a.txt").read_text() == after


async def test_arguments_that_are_all_empty_change_nothing(tmp_path: Path) -> None:
    assert "not complete" in str(edits_of(tmp_path, {"path": PRICES, "old": "", "new": None, "content": "", "patch": ""}))


STORIES: dict[str, Story] = {
    # calls that are not what they should be
    "arguments that are not JSON": Story([said("", GOOD, raw="path: shop/prices.py"), *CAREFUL]),
    "arguments that are never JSON": Story([said("", GOOD, raw="path: shop/prices.py")], "same call of edit"),
    "arguments cut off within a string": Story(
        [said("", GOOD, raw=json.dumps(GOOD[1])[:60], reason="length"), *CAREFUL]
    ),
    "a call cut off at the length limit, for ever": Story(
        [said("", GOOD, raw=json.dumps(GOOD[1])[:60], reason="length")], "same call of edit"
    ),
    "unknown tools": Story([[("browser", {"url": "x"}), ("think", {"thought": "Hm."})], *CAREFUL]),
    "only unknown tools": Story([*([("think", {"thought": f"{number}"})] for number in range(3)), [("browser", {})]], "same"),
    "too many calls at once": Story(
        [[*[("read", {"paths": [PRICES]})] * 3, *(("list", {"depth": depth}) for depth in range(1, 9))], *CAREFUL]
    ),
    # habits, and texts that are not in the file
    "an edit by another name": Story([[("Edit", {"file_path": PRICES, "old_string": OLD, "new_string": NEW})], [DONE]]),
    "bash": Story([[("bash", {"command": "ls"})], *CAREFUL]),
    "view": Story([[("str_replace_editor", {"command": "view", "path": PRICES})], *CAREFUL]),
    "old that is twice in the file": Story([[edit("prices", "costs")], *CAREFUL]),
    "old that is not in the file": Story([[edit("    return sum(price)\n", NEW)], *CAREFUL]),
    "line numbers of read": Story([[edit(NUMBERED, AFTER)], [DONE]]),
    "an absolute path": Story([[edit(OLD, NEW, f"/workspace/{PRICES}")], *CAREFUL]),
    "a whole file with the rest left out": Story(
        [[("edit", {"path": PRICES, "content": f"# ... existing code ...\n{NEW}"})], *CAREFUL]
    ),
    # finish and what is around it
    "finish without edits": Story([[DONE], *CAREFUL], others={"ReviseCode": CAREFUL}),
    "only finish": Story([[DONE]], "task is not done", others={"ReviseCode": [[DONE]]}),
    "finish and edit in one turn": Story([[GOOD, DONE]]),
    "finish with a refused edit": Story([[GOOD, edit("nothing", "x"), DONE], [DONE]]),
    "finish with an edit that is cut off": Story([said("", GOOD, DONE, edit("x", "y"), raw="{"), [DONE]]),
    "edits after finish": Story([[DONE, GOOD]], others={"ReviseCode": CAREFUL}),
    "a finish without anything in it": Story([[GOOD], [("finish", {})]]),
    "a finish of wrong types": Story([[GOOD], [("finish", {"summary": ["a"], "subject": 3, "assumptions": "one"})]]),
    "finish by another name": Story([[GOOD], [("submit", {"message": "Done."})], "Done."]),
    # prose
    "prose only": Story(["I would change total()."], "no edits", others={"ReviseCode": ["Change total()."]}),
    "prose, then edits": Story(["I would change total()."], others={"ReviseCode": CAREFUL}),
    "edits, then prose": Story([[GOOD], "I have changed total(), and it works."]),
    "empty answers": Story([""], "given the same answer|no edits|empty", others={"ReviseCode": [""]}),
    "an empty answer": Story([""], others={"ReviseCode": CAREFUL}),
    "a manifest though tools are offered": Story([MANIFEST]),
    "SEARCH/REPLACE though tools are offered": Story([BLOCKS]),
    "edits in the text and calls": Story([said(BLOCKS, ("read", {"paths": [TESTS]})), "Done."]),
    "edits in the text and as calls": Story([said(BLOCKS, GOOD), [DONE]]),
    "edits in the text that do not fit, and finish": Story([said(BLOCKS.replace("sum( ", "sum[ "), DONE), *CAREFUL]),
    "an example in the text and calls": Story(
        [said(f"So it is now, in {PRICES}:\n```python\n# {PRICES}\n{OLD}```", ("read", {"paths": [PRICES]})), *CAREFUL]
    ),
    "edits in the text and finish": Story([said(BLOCKS, DONE)]),
    "an answer with edits after edits by tools": Story(
        [[GOOD], f"{TESTS}\n<<<<<<< SEARCH\n{LAST}=======\n{LAST}{TEST}>>>>>>> REPLACE\n"],
        files={PRICES: AFTER, TESTS: f"from shop.prices import total\n\n\ndef test_total():\n{LAST}{TEST}"},
        plan=(PRICES, TESTS),
    ),
    "an answer that repeats the edits of its tools": Story([[GOOD], BLOCKS]),
    "an answer cut off at the length limit": Story(
        [said(f"{PRICES}\n<<<<<<< SEARCH\n{OLD}=======\n    return sum(", reason="length")], others={"ReviseCode": CAREFUL}
    ),
    "thoughts around calls": Story([said("<think>I call edit.</think>", GOOD), said("<think>Done?</think>", DONE)]),
    "thoughts for an answer": Story([[GOOD], "<think>All is done.</think>"]),
    # without native tools
    "edit in a text": Story([IN_TEXT, "Done."], native=False),
    "edit in a text, with thoughts": Story([f"<think>First I edit.</think>\n{IN_TEXT}", "Done."], native=False),
    "edit in a text from a model with native tools": Story([IN_TEXT, [DONE]]),
    "finish in a text": Story([IN_TEXT, FINISH_IN_TEXT], native=False),
    "edit in a fence": Story([f"```json\n{json.dumps({'name': 'edit', 'arguments': GOOD[1]})}\n```", "Done."], native=False),
    "edit with a whole file in a text": Story(
        [f"<tool_call>{json.dumps({'name': 'edit', 'arguments': {'path': PRICES, 'content': AFTER}})}</tool_call>", "Done."],
        native=False,
    ),
    "edits in a text and a manifest": Story([f"{IN_TEXT}\n\n{MANIFEST}"], native=False),
    "a look and a manifest": Story([f"{LOOK_IN_TEXT}\n{MANIFEST}"], native=False),
    "an edit elsewhere and a manifest": Story(
        [f"{IN_TEXT.replace(PRICES, TESTS)}\n\n{MANIFEST}"], others={"ReviseCode": [MANIFEST]}, native=False),
    "an answer without any tools": Story([MANIFEST], native=False),
    # long files
    "the whole of a long file": Story(
        [[("edit", {"path": LONG, "content": "def price_0():\n    return 1\n"})],
         [edit("def price_7():\n    return 7\n", "def price_7():\n    return 8\n", LONG)], [DONE]],
        files={LONG: LONG_TEXT.replace("def price_7():\n    return 7\n", "def price_7():\n    return 8\n")}, plan=(LONG,)),
    # circles
    "the same edit four times": Story([[edit("nothing like it", NEW)]], "same"),
    "an edit that is made already, for ever": Story([[GOOD]], "same"),
    "an edit to and fro": Story([[GOOD], [edit(NEW, OLD)]] * 30, "same call of edit"),
    "an endless search": Story([[("search", {"pattern": f"word{number}"})] for number in range(400)], "used up"),
    "an endless search in a text": Story(
        [f'<tool_call>{{"name": "search", "arguments": {{"pattern": "w{number}"}}}}</tool_call>' for number in range(400)],
        "used up", native=False,
    ),
    "an endless search after an edit": Story([[GOOD], *[[("search", {"pattern": f"word{number}"})] for number in range(400)]]),
    # the others
    "a plan as a call of finish": Story(CAREFUL, others={"DraftPlan": [[("finish", json.loads(plan(PRICES)))], plan(PRICES)]}),
    "a plan only ever as a call of finish": Story(CAREFUL, others={"DraftPlan": [[("finish", json.loads(plan(PRICES)))]]}),
    "a leader that edits": Story(CAREFUL, others={"DraftPlan": [[edit(OLD, "    return 0\n")], plan(PRICES)]}),
    "a leader that only ever edits": Story(CAREFUL, "same call", others={"DraftPlan": [[edit(OLD, "    return 0\n")]]}),
    "a reviewer that edits": Story(CAREFUL, others={"ReviewCode": [[edit(NEW, "    return 0\n")], review()]}),
    "a reviewer that only edits": Story(CAREFUL, "same call", others={"ReviewCode": [[edit(NEW, "    return 0\n")]]}),
    "a review as a call of finish": Story(CAREFUL, others={"ReviewCode": [[("finish", json.loads(review()))]]}),
    "a tester that edits the code": Story(CAREFUL, others={"WriteTest": [[edit(NEW, NEW + "\n\n# tested\n")], "NO CHANGE"]},
        files={PRICES: AFTER + "\n\n# tested\n"}),
}  # fmt: skip


NAMES = list(STORIES)


@some_of(NAMES, 22)
async def test_a_weak_model_ends_in_the_right_files_or_an_honest_pause(repository: Path, turn: int, draw: Draw[str]) -> None:
    story = STORIES[draw(NAMES, turn)]
    if LONG in story.plan:
        (repository / LONG).write_text(LONG_TEXT)
    before = read_tree(repository)
    model = WeakModel(story.native, **{"DraftPlan": [plan(*story.plan)], "WriteCode": story.work, **story.others})
    harness = Harness(repository, model)
    if story.paused:
        with pytest.raises(Paused, match=story.paused) as paused:
            await harness.run(TASK)
        assert paused.value.hint
    else:
        outcome = await harness.run(TASK)
        changed = {path: text.decode() for path, text in read_tree(repository).items() if before.get(path) != text}
        assert changed == story.files
        assert sorted(file["path"] for file in outcome.files) == sorted(story.files)
    assert len(model.requests) <= CALLS
