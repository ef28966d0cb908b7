"""Only a thought that leads the answer is taken off it; the same marks in a file, an edit or an object are code."""

from __future__ import annotations

import json

import pytest

from agent.models.openai import _text
from agent.models.streaming import StreamedCompletion
from agent.patch import Edits
from agent.ports import ModelRequest
from agent.team.parsing.edits import read_answer
from agent.team.parsing.schemas import Review, Unusable, parse
from agent.team.parsing.thoughts import without_thoughts

STRIP = 'text = re.sub(r"<think>.*?</think>", "", text)\n'
JSX = "export const A = () => (\n  <thinking>\n    <p>Hm</p>\n  </thinking>\n)\n"
AT_MARGIN = "<thinking>\nthe component\n</thinking>\n"
CLOSING = 'head, _, tail = answer.partition("</think>")\nparts = answer.split("</think>")\n'
PROMPT = "Answer inside of these:\n<think>\n</think>\n◁think▷ and ◁/think▷\n<|channel|>analysis<|message|>\n"


def files(edits: Edits) -> dict[str, str]:
    assert edits.error is None, edits.error
    return {edit.names[0]: edit.content for edit in edits.files}


@pytest.mark.parametrize("code", [STRIP, JSX, AT_MARGIN, CLOSING, PROMPT, "</think>\n", "a\n</reasoning>\nb\n"])
@pytest.mark.parametrize(
    "form",
    [
        "FILE: src/a.txt\n{}",
        "Here it is.\n\nFILE: src/a.txt\n{}",
        "### src/a.txt\n```\n{}```\n",
        '<file path="src/a.txt">\n{}</file>\n',
        "File: src/a.txt\n{}",
        "<think>First the file.</think>\nFILE: src/a.txt\n{}",
    ],
)
def test_marks_in_a_file_are_its_content(form: str, code: str) -> None:
    assert files(read_answer(form.format(code))) == {"src/a.txt": code}


def test_marks_in_files_of_a_json_answer_are_their_content() -> None:
    text = json.dumps({"files": [{"path": "src/a.py", "content": CLOSING + STRIP}]})
    assert files(read_answer(text)) == {"src/a.py": CLOSING + STRIP}
    said = json.dumps({"verdict": "revise", "comments": [{"message": "split at </think> is wrong"}]})
    assert without_thoughts(said) == said
    assert parse(Review, f"<think>Hm.</think>{said}").comments[0].message == "split at </think> is wrong"


@pytest.mark.parametrize("code", [STRIP, CLOSING, AT_MARGIN])
def test_marks_in_an_edit_are_its_content(code: str) -> None:
    lines = code.splitlines()
    blocks = f"src/a.py\n<<<<<<< SEARCH\nold\n=======\n{code}>>>>>>> REPLACE\n"
    diff = "--- a/src/a.py\n+++ b/src/a.py\n@@ -1,1 +1,{} @@\n-old\n{}\n".format(len(lines), "\n".join(f"+{x}" for x in lines))
    envelope = "*** Begin Patch\n*** Update File: src/a.py\n@@\n-old\n{}\n*** End Patch\n".format(
        "\n".join(f"+{line}" for line in lines)
    )
    for text in (blocks, diff, envelope, blocks + "\n" + blocks.replace("a.py", "b.py")):
        assert without_thoughts(text) == text
        for edit in read_answer(f"<think>I replace it.</think>\n{text}").files:
            assert [line.text for hunk in edit.hunks for line in hunk.lines if line.tag == "+"] == lines


THOUGHT = 'I could write\nFILE: a.py\ndraft\nor {"verdict": "approve", "comments": []}\n```python\nx = "</p>"\n```\nbut no.\n'


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("<think>", "</think>"),
        ("\n\n<THINKING>\n", "\n</Thinking>\n\n"),
        ("Let me see.\n<thought>", "</thought>"),
        ("◁think▷", "◁/think▷"),
        ("[THINK]", "[/THINK]"),
        ("<seed:think>", "</seed:think>"),
        ("<|START_THINKING|>", "<|END_THINKING|>"),
        ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
        ("<|channel>thought\n", "<channel|>"),
        ("<think>one</think>\n<think>", "</think>"),
        ("<think>It ends at `</think>`.\n", "\n</think>\n"),
        ("<think>", 'They said "do it"</think>'),
        ("<think>", "It is `total`</think>\n"),
        ('<think type="deep" budget="9">\n', "\n</think>\n"),
        ("< think >", "</ think >"),
        ("<analysis>\n", "\n</analysis>\n"),
        ("<scratchpad>", "</scratchpad>"),
        ("<Reflection>", "</Reflection>\n"),
        ("<inner_monologue>", "</inner_monologue>"),
        ("<reasoning>", "</reasoning>"),
        ("analysisWe need a file. ", "assistantfinal"),
        ("<|channel|>commentary<|message|>A file.<|end|><|start|>assistant<|channel|>analysis<|message|>", "<|end|>"),
    ],
)
def test_a_leading_thought_is_no_answer(before: str, behind: str) -> None:
    code = f"{before}{THOUGHT}{behind}FILE: a.py\n{STRIP}"
    assert files(read_answer(code)) == {"a.py": STRIP}
    assert parse(Review, f'{before}{THOUGHT}{behind}{{"verdict": "revise"}}') == Review(verdict="revise")
    assert parse(Review, f'{before}{THOUGHT}{behind}```json\n{{"verdict": "revise"}}\n```').verdict == "revise"


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("<answer>\n", "</answer>"),
        ("<think>Hm.</think>\n<Output>\n", "</Output>\n"),
        ("<|begin_of_thought|>Hm.<|end_of_thought|>\n<|begin_of_solution|>\n", "<|end_of_solution|>"),
        ("<|START_THINKING|>Hm.<|END_THINKING|><|START_RESPONSE|>", "<|END_RESPONSE|>"),
    ],
)
def test_tags_around_the_whole_answer_are_not_its_text(before: str, behind: str) -> None:
    assert files(read_answer(f"{before}FILE: a.txt\n{CLOSING}{behind}")) == {"a.txt": CLOSING}
    assert parse(Review, f'{before}{{"verdict": "revise"}}{behind}').verdict == "revise"


def test_a_thought_that_ends_with_a_quotation_takes_nothing_of_the_file() -> None:
    for code in ("a\n</think>\nb\n", CLOSING):
        assert files(read_answer(f'<think>They said "do it"</think>FILE: a.txt\n{code}')) == {"a.txt": code}


@pytest.mark.parametrize(
    "code", ["<answer>\nx\n</answer>\n", "analysisX\nassistantfinal\n", "<analysis>\n1\n</analysis>\n", "</answer>\n"]
)
def test_tags_of_answers_in_a_file_are_its_content(code: str) -> None:
    assert files(read_answer(f"FILE: a.xml\n{code}")) == {"a.xml": code}
    assert files(read_answer(f"<think>Hm.</think>FILE: a.xml\n{code}")) == {"a.xml": code}


@pytest.mark.parametrize("draft", ["I take the sum.\n", "Like so:\n```python\nx\n```\n", "FILE: a.py\ndraft\n"])
def test_a_thought_that_began_before_the_answer_is_none(draft: str) -> None:
    assert files(read_answer(f"{draft}</think>\n\nFILE: a.py\n{STRIP}")) == {"a.py": STRIP}


@pytest.mark.parametrize("mark", ["<think>", "<thinking>\n", "◁think▷", "<|channel|>analysis<|message|>", "Hm.\n<think>"])
def test_what_follows_a_mark_without_an_end_was_never_said(mark: str) -> None:
    assert read_answer(f"{mark}{THOUGHT}").files == ()
    with pytest.raises(Unusable):
        parse(Review, f"{mark}{THOUGHT}")


def test_the_end_of_a_turn_goes_with_the_marks_of_its_template_alone() -> None:
    turn = "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>FILE: a.py\nx = 1\n<|return|>"
    assert files(read_answer(turn)) == {"a.py": "x = 1\n"}
    assert files(read_answer("FILE: a.txt\nstops = [\n<|return|>\n")) == {"a.txt": "stops = [\n<|return|>\n"}


@pytest.mark.parametrize("mark", ["</think>", "<|end|>", "<|end|>\n", "<|return|>", "<channel|>", "\n</thinking>\n"])
def test_a_mark_behind_the_answer_takes_nothing_away(mark: str) -> None:
    assert parse(Review, f'{{"verdict": "revise"}}{mark}').verdict == "revise"
    assert read_answer(f"### a.py\n```\nx = 1\n```\n{mark}").files[0].content == "x = 1\n"


def test_words_about_the_marks_stay() -> None:
    for said in (
        "`</think>` is kept now.",
        "I now drop `<think>` and what follows up to `</think>`.",
        'It ends at "</think>".',
    ):
        assert without_thoughts(said) == said


@pytest.mark.parametrize(
    ("thought", "text"),
    [
        ('I could say {"verdict": "approve"}, but the tests are missing.', ""),
        ("First a draft:\nFILE: a.py\nx = 1\n", ""),
        ("Perhaps\n```python\nx = 1\n```\n", ""),
        ('\n{"verdict": "revise"}', '\n{"verdict": "revise"}'),
        ("FILE: a.py\nx = 1\n", "FILE: a.py\nx = 1\n"),
        ("All is done.", "All is done."),
    ],
)
def test_a_thought_beside_no_answer_is_one_only_where_it_is_nothing_else(thought: str, text: str) -> None:
    """Streamed in pieces; servers that take the whole answer for a thought send nothing else."""
    answer = StreamedCompletion(ModelRequest("k", "reviewer", "ReviewCode", [], "Do it."), 1_000, lambda piece: None)
    for at in range(0, len(thought), 3):
        answer.add_thought(thought[at : at + 3])
    answer.finish_reason = "stop"
    answer.take_thought_for_text()
    assert answer.text == text


def test_a_thought_beside_an_answer_stays_out_of_it() -> None:
    answer = StreamedCompletion(ModelRequest("k", "reviewer", "ReviewCode", [], "Do it."), 1_000, lambda piece: None)
    for thought, said in (('{"verdict": "approve"}', ""), ("", "<thi"), ("", 'nk>{"verdict": "approve"}</th'), ("", "ink>No.")):
        answer.add_thought(thought)
        answer.add_text(said)
    answer.finish_reason = "stop"
    answer.take_thought_for_text()
    assert without_thoughts(answer.text) == "No."


def test_parts_of_a_message_that_are_thoughts_are_not_its_text() -> None:
    assert _text([{"type": "thinking", "text": "draft"}, {"type": "text", "text": "an"}, {"text": "swer"}]) == "answer"


REAL = "FILE: a.py\nreal\n"
TWO = "<think>\nHm.\n<think>\nAgain.\n</think>\n"
PAGE = "<think>\nx\n</think>\n"


@pytest.mark.parametrize(
    "draft",
    [
        f"{TWO}FILE: a.py\ndraft\n</think>\n",
        f"{TWO}FILE: b.py\ndraft\n</think>\n",
        f"{TWO}```b.py\nb\n```\n</think>\n",
        "<think> a <think> b </think> draft </think>\n",
        "<think>\n<think>\n<think>\nx\n</think>\nFILE: c.py\n1\n</think>\nFILE: b.py\n2\n</think>\n",
        "<think>\n<thinking>\nx\n</thinking>\nFILE: b.py\nb\n</think>\n",
    ],
)
def test_a_draft_between_the_ends_of_nested_thoughts_was_never_said(draft: str) -> None:
    assert files(read_answer(f"{draft}{REAL}")) == {"a.py": "real\n"}


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (f"<think>\nThe page has\n<think>\nin it.\n</think>\nFILE: a.html\n{PAGE}", {"a.html": PAGE}),
        ("<think>\n<think>\nx\n</think>\nFILE: a.html\n<p></think></p>\n", {"a.html": "<p></think></p>\n"}),
        ("<think>\nSo\n<think>\nx\n</think>\nFILE: a.html\n<p>\n</think>\n</p>\n", {"a.html": "<p>\n</think>\n</p>\n"}),
        (f"<think>\nHm.</think>\nFILE: a.html\n{PAGE}FILE: b.py\nb\n", {"a.html": PAGE, "b.py": "b\n"}),
    ],
)
def test_marks_in_a_file_end_no_thought_around_it(said: str, wanted: dict[str, str]) -> None:
    assert files(read_answer(said)) == wanted
