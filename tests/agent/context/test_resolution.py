"""What a task names is found in the repository, or left out."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agent.context.mentions import find_mentions
from agent.context.path_lookup import PathLookup
from agent.context.repomap import definitions_in
from agent.context.resolution import MAX_PATHS, MAX_RESOLVED, resolve
from agent.context.tokenization import words_of

FILES = {
    "src/shop/__init__.py": "",
    "src/shop/cart.py": "class Cart(Base):\n    def total(self):\n        return 1\n\n    def clear(self):\n        pass\n",
    "src/shop/base.py": "class Base:\n    def save_all(self):\n        return 2\n\n    def total(self):\n        return 0\n",
    "src/shop/mail.py": "def send_mail(to):\n    return to\n",
    "src/web/mail.py": "def send_page(to):\n    return to\n",
    "src/server.go": "package main\n\nfunc (s *Server) Handle() error {\n\treturn nil\n}\n",
    "tests/test_cart.py": "class Cart:\n    pass\n\n\ndef test_total():\n    assert 1\n",
    "examples/demo.py": "def send_mail(to):\n    return 1\n",
    "README.md": "# Shop\n",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shop")
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def resolved(root: Path, text: str) -> list[str]:
    files = sorted(FILES)
    definitions = asyncio.run(definitions_in(root, files, None))
    return [str(found) for found in resolve(find_mentions(text), files, definitions, words_of(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shop.cart.Cart.total fails", "shop.cart.Cart.total -> src/shop/cart.py:2 def total(self) (in Cart)"),
        ("`Base.total` fails", "Base.total -> src/shop/base.py:5 def total(self) (in Base)"),
        ("send_mail() fails", "send_mail -> src/shop/mail.py:1 def send_mail(to)"),
        ("the class `Cart`", "Cart -> src/shop/cart.py:1 class Cart(Base)"),
        ("the module shop.mail", "shop.mail -> src/shop/mail.py"),
        ("Server.Handle stops", "Server.Handle -> src/server.go:3 func (s *Server) Handle() error"),
        ("see cart.py:3", "cart.py:3 -> src/shop/cart.py:3 in def total(self) (in Cart)"),
        ("see README.md", "README.md -> README.md"),
        ("see src/web/", "src/web -> src/web/"),
        ('File "/usr/lib/python3/site-packages/shop/mail.py", line 2, in send_mail',
         "/usr/lib/python3/site-packages/shop/mail.py:2 -> src/shop/mail.py:2 in def send_mail(to)"),
        ('File "/x/shop/cart.py", line 900, in clear', "/x/shop/cart.py:900 -> src/shop/cart.py:5 def clear(self) (in Cart)"),
        ("The Cart is empty", "Cart -> src/shop/cart.py:1 class Cart(Base)"),
        ("tests/test_cart.py::test_total fails", "tests/test_cart.py -> tests/test_cart.py:5 def test_total()"),
    ],
)  # fmt: skip
def test_what_is_named_has_its_place(shop: Path, text: str, expected: str) -> None:
    assert resolved(shop, text)[0] == expected


def test_a_name_with_several_places_tells_them(shop: Path) -> None:
    assert resolved(shop, "`total` is wrong") == [
        "total -> src/shop/base.py:5 def total(self) (in Base) | src/shop/cart.py:2 def total(self) (in Cart)"
    ]
    assert resolved(shop, "see mail.py") == ["mail.py -> src/shop/mail.py | src/web/mail.py"]


def test_an_inherited_method_leads_to_the_class_and_to_where_it_is(shop: Path) -> None:
    assert resolved(shop, "Cart.save_all loses items") == [
        "Cart.save_all -> src/shop/cart.py:1 class Cart(Base) | src/shop/base.py:2 def save_all(self) (in Base)"
    ]


@pytest.mark.parametrize(
    "text", ["no_such_name() in gone.py", "/usr/lib/python3.11/json/decoder.py:3", "and/or, e.g. this.value"]
)
def test_what_the_repository_lacks_is_left_out(shop: Path, text: str) -> None:
    assert resolved(shop, text) == []


def test_a_long_traceback_leaves_room_for_names() -> None:
    files = [f"pkg/m{number}.py" for number in range(40)]
    text = "".join(f'File "/x/pkg/m{number}.py", line 1, in f\n' for number in range(40))
    found = resolve(find_mentions(text), files, {}, [])
    assert len(found) == MAX_PATHS < MAX_RESOLVED
    assert found[0].places[0].path == "pkg/m39.py"


def test_a_path_means_the_file_that_shares_most_of_its_end() -> None:
    lookup = PathLookup(["a/src/app/main.py", "b/src/app/main.py", "src/ui/index.ts", "main.go", "x/util.py", "y/util.py"])
    assert lookup.find("/work/a/src/app/main.py") == ["a/src/app/main.py"]
    assert lookup.find("src/app/main.py") == ["a/src/app/main.py", "b/src/app/main.py"]
    assert lookup.find("../src/ui") == [] and lookup.folder("src/ui/") == "src/ui"
    assert lookup.find("/work/src/ui") == lookup.find("src/ui/index") == ["src/ui/index.ts"]
    assert lookup.find("/go/main.go") == ["main.go"]
    assert lookup.find("other/util.py") == []
