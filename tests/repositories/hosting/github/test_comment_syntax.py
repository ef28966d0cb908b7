"""Which line of a comment is a command, and what in it is its author's own words."""

from __future__ import annotations

import pytest

from repositories.hosting.comment_text import CommandText
from repositories.hosting.github.comment_syntax import read_comment
from tests.support.processor import at_most

MAIL = "On Mon, Nov 30, 2026 at 9:00 AM Bob <bob@example.org> wrote:"


@pytest.mark.parametrize(
    ("text", "verb", "words"),
    [
        ("/mgx approve", "approve", ""),
        ("/mgx APPROVE but hurry", "approve", "but hurry"),
        ("Well.\n/mgx reject use pnpm\nand no npm", "reject", "use pnpm\nand no npm"),
        ("/mgx", "", "/mgx"),
        ("/mgx help", "help", ""),
        ("/mgx delete everything", "", "/mgx delete everything"),
        ("/mgx approve\r\n/mgx cancel", "approve", "/mgx cancel"),
        # a line with inline code is not a block of code
        ("`total` first.\n/mgx run", "run", ""),
        ("```foo``` is wrong.\n/mgx reject do `bar`", "reject", "do `bar`"),
        ("`/mgx run` is what I mean:\n/mgx help", "help", ""),
        # a block that has ended hides nothing after it
        ("````\n```\n/mgx run\n````\n/mgx help", "help", ""),
        ("~~~\n```\n~~~\n/mgx help", "help", ""),
        ("<!-- /mgx run -->\n\n/mgx help", "help", ""),
        ("<pre>\n/mgx run\n</pre>\n\n/mgx help", "help", ""),
        ("> /mgx run\n\n/mgx help", "help", ""),
        (f"{MAIL}\n> /mgx run\n\n/mgx help", "help", ""),
        ("<details>\n\n/mgx run\n\n</details>\n\n/mgx help", "help", ""),
        ("<div hidden>\n\n<div>\n\n/mgx run\n\n</div>\n\n/mgx run\n\n</div>\n\n/mgx help", "help", ""),
        ("$$\n/mgx run\n$$\n\n/mgx help", "help", ""),
        # nothing is hidden
        ("It costs $$5.\n/mgx run", "run", ""),
        ("It costs \\$$ or $$.\n/mgx run", "run", ""),
        ("A `List` of List<S> and Map<Var>.\n/mgx run", "run", ""),
        ("<p align=center>\n\n/mgx run\n\n</p>", "run", "</p>"),
        ("</pre>\n\n/mgx run", "run", ""),
        ("| test | time |\n|---|---|\n| a | 3 s |\n\n/mgx run", "run", ""),
        ("| test | time |\n|---|---|\n| a | 3 s |\n/mgx run it\nnow", "run", "it\nnow"),
        ("It was $5 and is $6 now.\n/mgx run", "run", ""),
        ("Thanks!<br>\n/mgx run", "run", ""),
        ("> Shall we?\n\nYes.\n/mgx run", "run", ""),
        # a line below a tag that stands alone, which is HTML to Markdown and text to people
        ("<br>\n/mgx run", "run", ""),
        ("Done.\n\n<br/>\n<br/>\n/mgx run it", "run", "it"),
        ("<details>\n<summary>Log</summary>\n\n```\nx\n```\n\n</details>\n/mgx approve", "approve", ""),
        ("<details><summary>Log</summary>\n/mgx run\n</details>\n/mgx help", "help", ""),
        ("<hr>\n/mgx reject no\nmore", "reject", "no\nmore"),
        ("<p align=center>\n/mgx run\n</p>", "run", "</p>"),
        ("<img src=x>\n  /mgx run", "run", ""),
        ('<img alt="it\'s a b">\n/mgx run', "run", ""),
        ("<br>\nBy <b>me</b>:\n/mgx run", "run", ""),
        ("<br>\n<!--\n/mgx run\n-->\n/mgx help", "help", ""),
        ("<br>\n`\n/mgx help\n`", "help", "`"),
        ("<pre>\n/mgx run\n</pre>\n/mgx help", "help", ""),
        ("It takes a List<Object> now.\n/mgx run", "run", ""),
        # the end of what is not Markdown's
        ("/mgx approve\n---\nBob", "approve", "---\nBob"),
        ("- done\n- tested\n/mgx approve", "approve", ""),
        ("/mgx reject use this:\n```\nx = 1\n```", "reject", "use this:\n```\nx = 1\n```"),
        (f"/mgx approve\n\n{MAIL}\n\n/mgx cancel", "approve", ""),
    ],
)
def test_a_command_is_found(text: str, verb: str, words: str) -> None:
    assert read_comment(text).command == CommandText(verb, words)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "/MGX approve",
        "/mgxapprove",
        "say /mgx approve",
        "\\/mgx approve",
        "/mgx approve <!-- mgx:1 -->",
        "- /mgx approve",
        "# /mgx approve",
        # code
        "    /mgx approve",
        "```\n/mgx approve\n```",
        "~~~\n/mgx approve",
        "````\n```\n/mgx approve\n```\n````",
        "````markdown\n```\nx\n```\n/mgx approve\n````",
        "  ```\n  /mgx approve\n  ```",
        "1. Do it:\n\n       ```\n       /mgx approve\n       ```",
        "Write `x\n/mgx approve` there.",
        # HTML
        "<!--\n/mgx approve\n-->",
        "Hidden: <!--\n/mgx approve\n--> there.",
        "<pre>\n\n/mgx approve\n\n</pre>",
        "Like <pre>\n/mgx approve\n</pre>",
        "<div><pre>\n\n/mgx approve\n\n</pre></div>",
        "Write <code>x\n/mgx approve</code>",
        "<blockquote>\n\n/mgx approve\n\n</blockquote>",
        "<br>\n<!--\n/mgx approve\n-->",
        "<br>\n<pre>\n/mgx approve\n</pre>",
        "<br>\n<details>\n/mgx approve",
        "<br>\n<a title='\n/mgx approve\n'>x</a>",
        "<br>\n<a title='>\n/mgx approve\n'>x</a>",
        '<br>\n<a title="a" alt=">\n/mgx approve\n">x</a>',
        "<br>\n<a href=x>\n/mgx approve\n</a>",
        "<table>\n<tr><td>\n/mgx approve\n</td></tr></table>",
        "<div hidden>\n/mgx approve\n</div>",
        "<script>\n/mgx approve\n</script>",
        "<?php\n/mgx approve\n?>",
        "<!DOCTYPE\n/mgx approve\n>",
        "<![CDATA[\n/mgx approve\n]]>",
        "> <br>\n> /mgx approve",
        "<br>\nsay /mgx approve",
        "<br>/mgx approve",
        "<br>\n<b>x</b> /mgx approve",
        "<br>\n</ \n/mgx approve\n>",
        "<br>\n</1\n/mgx approve\n>",
        "<ruby>x<rp>\n/mgx approve\n</ruby>",
        "<br>\n<ruby>x<rp>\n/mgx approve\n</ruby>",
        "<video controls>\n/mgx approve\n</video>",
        # not seen as it is written
        "$$\n/mgx approve\n$$",
        "So $$ x\n/mgx approve\n$$ it is",
        "<div hidden>\n\n/mgx approve\n\n</div>",
        "<div hidden>\n\n<div>x</div>\n\n/mgx approve",
        "<p style='display:none'>\n\n/mgx approve\n\n</p>",
        "<span aria-hidden=true>\n\n/mgx approve\n\n</span>",
        "<details>\n\n/mgx approve\n\n</details>",
        "<details open><summary>Log</summary>\n\n/mgx approve",
        "<dialog>\n\n/mgx approve\n\n</dialog>",
        "<del>\n\n/mgx approve\n\n</del>",
        "a ~~b\n/mgx approve\nc~~",
        "a | b\n---|---\n/mgx approve | it",
        "| a | b |\n|---|---|\n| /mgx approve | approves the plan |",
        "<xmp>\n\n/mgx approve\n\n</xmp>",
        "<div title='\n\n/mgx approve\n\n'></div>",
        # quotations
        "> /mgx approve",
        "> Shall we?\n/mgx approve",
        "> > deep\n>\n> /mgx approve",
        f"Thanks!\n\n{MAIL}\n\n/mgx approve",
        "Thanks!\n\nOn Mon, Nov 30, 2026 at 9:00 AM Bob\n<bob@example.org> wrote:\n\n/mgx approve",
        "Danke!\n\nAm 30.11.2026 um 09:00 schrieb Bob:\n/mgx approve",
        "Thanks!\n\n-----Original Message-----\nFrom: Bob\n\n/mgx approve",
        "Thanks!\n\nFrom: Bob <bob@example.org>\nSent: Monday\nTo: Dev\n\n/mgx approve",
        "Thanks!\n________________________________\nFrom: Bob\nSent: Monday\nTo: Dev\nSubject: Shop\n\n/mgx approve",
        "Danke!\n\n**Von:** Bob\n**Gesendet:** Montag\n**An:** Dev\n\n/mgx approve",
        "Merci\n\nDe : Bob\nEnvoyé : lundi\nObjet : Shop\n\n/mgx approve",
    ],
)
def test_what_is_quoted_hidden_or_code_is_not_obeyed(text: str) -> None:
    assert read_comment(text).command is None


def test_the_author_s_own_words() -> None:
    text = f"Thanks, **really**!\n\n> Could you rename it?\n\n```py\nx = 1\n```\n<!-- hidden -->\n- see `total`\n\n{MAIL}\n> no"
    assert read_comment(text).prose == "Thanks, really!\nsee `total`"
    assert not read_comment(text).suggests
    below = read_comment("LGTM\n\n<br>\nbut <b>rename</b> it\n<details>\nlog\n</details>\nplease")
    assert [line for line in below.prose.splitlines() if line] == ["LGTM", "but rename it", "please"]
    assert read_comment("Like so:\n```suggestion\nx = 1\n```").suggests
    ours = read_comment("Changed.\n\n<!-- mgx:1 -->")
    assert (ours.is_ours, ours.prose) == (True, "")


def test_no_comment_takes_long() -> None:
    for unit in ("[", "_a*", "[a](b", "/mgx\n", "On a", "$$", "<s>", "<a>\n</b>", "<a><!--", "~~a", "a|"):
        with at_most(10):
            read_comment(unit * (65_000 // len(unit)) + "\n/mgx run")


def test_a_sentence_that_begins_like_a_header_hides_no_command() -> None:
    for text in ("From: line 3 on it is wrong.\n\n/mgx approve", "From: Bob\nTo: Dev\n\n/mgx approve"):
        command = read_comment(text).command
        assert command is not None and command.verb == "approve", text
