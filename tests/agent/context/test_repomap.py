from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.context import tag_index
from agent.context.repomap import repository_map
from agent.context.sources import find_sources
from agent.context.tokenization import parts_of, words_of
from agent.symbols import parsing
from agent.symbols.store import TagStore
from agent.token_estimates import estimate_tokens

SHOP = {
    "shop/prices.py": "def net_price(gross, rate):\n    return gross / rate\n\n\ndef round_price(value):\n    return value\n",
    "shop/cart.py": (
        "from shop.prices import net_price\n\n\nclass Cart:\n    def total(self):\n        return net_price(self.gross, 0.2)\n"
    ),
    "shop/mail.py": "class Mailer:\n    def send_mail(self, to):\n        return connect(to)\n",
    "tests/test_cart.py": "from shop.cart import Cart\n\n\ndef test_total():\n    assert Cart().total() == 0\n",
}


def put(root: Path, files: dict[str, str]) -> list[str]:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return sorted(files)


def mapped(root: Path, files: Sequence[str], about: str = "", cache: Path | None = None, **options: Any) -> str:
    wanted = {"focus": (), "tokens": 1_000, **options}
    return asyncio.run(repository_map(root, files, words=words_of(about), cache=cache, **wanted))


def test_the_map_shows_definitions_with_their_lines(tmp_path: Path) -> None:
    assert mapped(tmp_path, put(tmp_path, SHOP)) == (
        "shop/cart.py\n"
        "4: class Cart\n"
        "5:   def total(self)\n"
        "shop/mail.py\n"
        "1: class Mailer\n"
        "2:   def send_mail(self, to)\n"
        "shop/prices.py\n"
        "1: def net_price(gross, rate)\n"
        "5: def round_price(value)\n"
        "tests/test_cart.py\n"
        "4: def test_total()"
    )


def test_a_method_never_stands_without_its_class(tmp_path: Path) -> None:
    outer = "class Outer:\n" + "    size = 1\n" * 20 + "    class Inner:\n        def weigh_parcel(self): ...\n"
    files = put(tmp_path, {"a.py": outer, "b.py": "def other(): ...\n" * 3})
    for tokens in range(5, 60):
        lines = mapped(tmp_path, files, "weigh_parcel", tokens=tokens).split("\n")
        if "23:     def weigh_parcel(self): ..." in lines:
            assert {"1: class Outer", "22:   class Inner"} <= set(lines)


def test_copies_examples_and_code_of_others_stand_behind(tmp_path: Path) -> None:
    text = "class Parcel:\n    def weigh(self): ...\n    def send(self): ...\n"
    own = {"post/parcel.py": text, "post/scale.py": "def weigh_parcel(): ...\n"}
    others = {
        "lib/copy/parcel.py": text,
        "lib/old/parcel.py": "# not the same bytes\n" + text,
        "examples/send_parcel.py": "def weigh_parcel_here(): ...\n",
        "vendor/parcels/weigh.py": "class ParcelScale: ...\n",
    }
    said = mapped(tmp_path, put(tmp_path, own | others), "weigh the parcel", tokens=45)
    assert {line for line in said.split("\n") if line.endswith(".py")} == set(own)
    assert "examples/send_parcel.py" in first_of(tmp_path, sorted(own | others), focus=["examples/send_parcel.py"])


def first_of(root: Path, files: Sequence[str], about: str = "", **options: Any) -> str:
    """The map that has room for little more than one definition."""
    return next(text for tokens in range(5, 100) if (text := mapped(root, files, about, tokens=tokens, **options)))


@pytest.mark.parametrize(
    ("about", "first"), [("The Mailer forgets a copy", "class Mailer"), ("Prices must be rounded", "def round_price")]
)
def test_what_is_shown_first_moves_with_the_words_of_the_task(tmp_path: Path, about: str, first: str) -> None:
    assert first in first_of(tmp_path, put(tmp_path, SHOP), about)


def test_files_that_are_worked_on_bring_what_they_use(tmp_path: Path) -> None:
    files = put(tmp_path, SHOP)
    assert "net_price" in first_of(tmp_path, files, focus=["shop/cart.py"])
    assert "net_price" in first_of(tmp_path, files, "see shop/cart.py")
    assert "shop/mail.py" in first_of(tmp_path, files, focus=["shop/mail.py"])


def test_a_map_keeps_to_its_tokens(tmp_path: Path) -> None:
    files = put(tmp_path, {f"m{n}.py": f"class Thing{n}:\n    def run_{n}(self): ...\n" for n in range(300)})
    for tokens in (0, 10, 100, 1_000):
        assert estimate_tokens([mapped(tmp_path, files, tokens=tokens)]) <= tokens + 1
    assert mapped(tmp_path, files, tokens=1_000)


def test_a_second_map_parses_only_what_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    real = parsing._Child.send

    def counted(child: Any, job: parsing.Job) -> None:
        parsed.append(job.language)
        real(child, job)

    monkeypatch.setattr(parsing._Child, "send", counted)
    root, cache = tmp_path / "root", tmp_path / "cache"
    files = put(root, SHOP)
    first = mapped(root, files, "prices", cache)
    assert len(parsed) == 4
    assert mapped(root, files, "prices", cache) == first == mapped(root, files, "prices")
    assert len(parsed) == 8  # the last one had no cache
    put(root, {"shop/mail.py": "class Post: ...\n"})
    assert "Post" in mapped(root, files, "post", cache)
    assert len(parsed) == 9


def test_the_same_bytes_are_parsed_once_for_all_paths(tmp_path: Path) -> None:
    root, cache = tmp_path / "root", tmp_path / "cache"
    mapped(root, put(root, {"a.py": "class A: ...\n", "b/a.py": "class A: ...\n"}), cache=cache)
    with TagStore(cache) as store:
        keys = [source.key for source in find_sources(root, ["a.py", "b/a.py"])]
        assert keys[0] == keys[1] and store.known(keys) == {keys[0]}


def test_a_damaged_cache_is_made_anew(tmp_path: Path) -> None:
    root, cache = tmp_path / "root", tmp_path / "cache"
    files = put(root, SHOP)
    first = mapped(root, files, cache=cache)
    for path in cache.iterdir():
        path.write_bytes(b"no database " * 1_000)
    assert mapped(root, files, cache=cache) == first
    assert mapped(root, files, cache=cache) == first


def test_a_cache_that_can_not_be_used_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    root = tmp_path / "root"
    assert "class Cart" in mapped(root, put(root, SHOP), cache=tmp_path / "cache")


def test_two_processes_may_fill_the_same_cache(tmp_path: Path) -> None:
    root, cache = tmp_path / "root", tmp_path / "cache"
    files = put(root, SHOP)

    async def both() -> list[str]:
        calls = (repository_map(root, files, words=(), focus=(), tokens=500, cache=cache) for _ in range(4))
        return list(await asyncio.gather(*calls))

    assert len(set(asyncio.run(both()))) == 1


def test_the_cache_forgets_what_was_not_used_for_longest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.symbols.store.MAX_ROWS", 10)
    with TagStore(tmp_path) as store:
        monkeypatch.setattr("agent.symbols.store.time.time", lambda: 0.0)
        store.put([(bytes([n]), b"[]", b"{}") for n in range(10)])
        monkeypatch.setattr("agent.symbols.store.time.time", lambda: 1e6)
        store.known([bytes([n]) for n in range(4)])
        store.put([(b"new", b"[]", b"{}")])
        store.prune()
        kept = store.known([*(bytes([n]) for n in range(10)), b"new"])
    assert len(kept) == 8
    assert {b"new", *(bytes([n]) for n in range(4))} <= kept


def test_secret_generated_minified_binary_and_large_files_are_left_out(tmp_path: Path) -> None:
    files = put(
        tmp_path,
        {
            ".env.py": "def password(): ...\n",
            "app.min.js": "function minified() {}\n",
            "api_pb2.py": "class Generated: ...\n",
            "marked.py": "# Code generated by a tool. DO NOT EDIT.\nclass Marked: ...\n",
            "wide.js": "function wide() {}; " + "x();" * 3_000,
            "zero.py": "class Zero: ...\n\0",
            "large.py": "class Large: ...\n" + "# filler\n" * 60_000,
            "good.py": "class Good: ...\n",
        },
    )
    assert mapped(tmp_path, files) == "good.py\n1: class Good: ..."


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    put(tmp_path, {"out.py": "class Out: ...\n", "root/in.py": "class In: ...\n"})
    (tmp_path / "root/link.py").symlink_to(tmp_path / "out.py")
    assert "Out" not in mapped(tmp_path / "root", ["in.py", "link.py"])


def test_a_file_that_hangs_or_kills_its_process_costs_only_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "checkout" / "agent" / "symbols"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "worker.py").write_text(
        "import json, os, sys, time\n"
        "print('ready', flush=True)\n"
        "while line := sys.stdin.buffer.readline():\n"
        "    data = sys.stdin.buffer.read(json.loads(line)['size'])\n"
        "    if b'hang' in data: time.sleep(3600)\n"
        "    if b'crash' in data: os.abort()\n"
        "    name = data.split()[1].decode()\n"
        "    print(json.dumps([[[name, 'class', 1, 'class ' + name]], {}]), flush=True)\n"
    )
    monkeypatch.setattr(parsing, "CHECKOUT", tmp_path / "checkout")
    monkeypatch.setattr(parsing, "TIMEOUT", 5.0)  # also for the start of a process
    root = tmp_path / "root"
    texts = {f"f{n}.py": f"class F{n} : pass\n" for n in range(9)}
    files = put(root, {**texts, "f3.py": "class F3 : hang\n", "f6.py": "class F6 : crash\n"})
    text = mapped(root, files)
    assert [n for n in range(9) if f"class F{n}" in text] == [0, 1, 2, 4, 5, 7, 8]


def test_a_grammar_that_takes_too_much_time_is_stopped_once_and_for_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, cache = tmp_path / "root", tmp_path / "cache"
    files = put(root, {"deep.sh": "(" * 390_000, "good.sh": "greet() { echo hi; }\n"})
    monkeypatch.setattr(tag_index, "MAX_LINE", 400_000)
    # the processor's time alone decides, whatever else this machine does meanwhile
    monkeypatch.setattr(parsing, "TIMEOUT", 600.0)
    monkeypatch.setattr(parsing, "MAX_SECONDS", 600.0)
    assert mapped(root, files, cache=cache) == "good.sh\n1: greet() { echo hi; }"
    keys = [source.key for source in find_sources(root, files)]
    with TagStore(cache) as store:
        assert store.known(keys) == set(keys)


def test_a_parser_that_does_not_start_is_said_and_blames_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    root, cache = tmp_path / "root", tmp_path / "cache"
    files = put(root, SHOP)
    with monkeypatch.context() as patch:
        patch.setattr(parsing, "CHECKOUT", tmp_path / "nothing")
        assert mapped(root, files, cache=cache) == ""
    assert "did not start" in caplog.text
    assert "class Cart" in mapped(root, files, cache=cache)


def test_parsing_ends_when_its_time_is_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "MAX_SECONDS", 0.0)
    assert mapped(tmp_path, put(tmp_path, SHOP)) == ""


def test_the_parser_gets_nothing_of_our_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, str]] = []
    real = parsing.child

    def watched(*argv: str, **options: Any) -> Any:
        seen.append(options["env"])
        return real(*argv, **options)

    monkeypatch.setenv("OPENAI_API_KEY", "canary")
    monkeypatch.setattr(parsing, "child", watched)
    mapped(tmp_path, put(tmp_path, SHOP))
    assert seen and not any("canary" in value for env in seen for value in env.values())


def test_words_and_names_meet_in_their_parts() -> None:
    assert words_of("Fix the `send_mail` in shop/mail.py, please: prices") == ["send_mail", "shop/mail.py", "prices"]
    assert parts_of("HTTPServer_entries2") == ("http", "server", "entry")
    assert parts_of("getPrices") == parts_of("pricing") == parts_of("PRICED") == ("pric",)
