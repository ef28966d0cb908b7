from __future__ import annotations

import pytest

from agent.patch.formats.manifest import ManifestInvalid, parse_manifest


def read(text: str, *, strict: bool = False) -> dict[str, str]:
    return {block.path: block.content for block in parse_manifest(text, strict=strict)}


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("FILE: a.py\nx = 1\n", {"a.py": "x = 1\n"}),
        ("FILE: a.py\nx = 1", {"a.py": "x = 1\n"}),
        ("FILE: a.py\r\nx = 1\r\ny = 2\r\n", {"a.py": "x = 1\ny = 2\n"}),
        ("FILE: empty\nFILE: b\n\n\nFILE: c\nc\n", {"empty": "", "b": "", "c": "c\n"}),
        ("FILE: a\none\n\n\nFILE: b\ntwo\n", {"a": "one\n", "b": "two\n"}),
        ("FILE: a dir/b c.txt\nx\n", {"a dir/b c.txt": "x\n"}),
        ("FILE: app/[...slug]/page.tsx\nx\n", {"app/[...slug]/page.tsx": "x\n"}),
    ],
)
@pytest.mark.parametrize("strict", [False, True])
def test_plain_manifests(text: str, files: dict[str, str], strict: bool) -> None:
    assert read(text, strict=strict) == files


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("Here it is:\n\nFILE: a.py\nx\n", {"a.py": "x\n"}),
        ("```\nFILE: a.py\nx\nFILE: b.py\ny\n```\n", {"a.py": "x\n", "b.py": "y\n"}),
        ("Sure!\n```text\nFILE: a.py\nx\n```\nDone.\n", {"a.py": "x\n"}),
        ("FILE: a.py\n```python\nx\n```\n\nFILE: b.py\n```\ny\n```\n", {"a.py": "x\n", "b.py": "y\n"}),
        ("FILE: a.py\n```python\nx\n```\nThis file holds x.\n\nFILE: b.py\n~~~\ny\n~~~\n", {"a.py": "x\n", "b.py": "y\n"}),
        ("```python\nFILE: a.py\nx\n```\n\n```python\nFILE: b.py\ny\n```\n", {"a.py": "x\n", "b.py": "y\n"}),
        ("```\nFILE: a.py\nx\n```\n\n```\nFILE: b.py\ny\n```\n", {"a.py": "x\n", "b.py": "y\n"}),
        ("**FILE: a.py**\n```python\nx\n```\n", {"a.py": "x\n"}),
        ("FILE: `a.py`\nx\n", {"a.py": "x\n"}),
        ("\ufeffFILE: a.py\nx\n", {"a.py": "x\n"}),
        ('FILE: a.py\n```python\n"""\n```\ncode\n```\n"""\n```\n', {"a.py": '"""\n```\ncode\n```\n"""\n'}),
    ],
)
def test_the_wrapping_of_models_comes_off(text: str, files: dict[str, str]) -> None:
    assert read(text) == files


@pytest.mark.parametrize(
    "body",
    [
        "```sh\nrun\n```\ntext\n```sh\nagain\n```\n",
        "# Title\n\n```sh\nrun\n```\n",
        "```sh\nrun\n```\n\nThe end.\n",
    ],
)
def test_fences_of_a_markdown_file_stay(body: str) -> None:
    assert read(f"FILE: README.md\n{body}") == {"README.md": body}


def test_a_wrapped_markdown_file_keeps_its_own_fences() -> None:
    body = "# Title\n\n```sh\nrun\n```\n\nThe end.\n"

    assert read(f"FILE: README.md\n```markdown\n{body}```\n") == {"README.md": body}


def test_an_answer_without_a_file_is_refused() -> None:
    with pytest.raises(ManifestInvalid, match="contains no file") as refused:
        parse_manifest("I can't do that. The FILE: marker is missing")
    assert "FILE: path" in refused.value.hint


def test_a_heading_underlined_like_a_fence_closes_none() -> None:
    text = "Title\n~~~~~\n\nText.\n"
    assert read(f"FILE: a.rst\n```rst\n{text}```\n") == {"a.rst": text}


def test_strict_reading_refuses_prose_and_names_its_line() -> None:
    with pytest.raises(ManifestInvalid) as refused:
        parse_manifest("\nSure!\nFILE: a\nx\n", strict=True)
    assert refused.value.line == 2


@pytest.mark.parametrize("text", ["FILE: a.py\n```python\nx = 1\n", "```\nFILE: a.py\nx\nFILE: b.py\ny = (\n"])
def test_a_fence_that_never_closes_means_a_cut_off_answer(text: str) -> None:
    with pytest.raises(ManifestInvalid, match="cut off"):
        parse_manifest(text)
