"""What is found in the text of a task, whatever tool or person wrote it."""

from __future__ import annotations

import pytest

from agent.context.mentions import MAX_MENTIONS, MAX_TEXT, NameMention, PathMention, find_mentions
from tests.support.processor import at_most

FRAMES = {
    "python": ('  File "/srv/app/shop/cart.py", line 31, in total', PathMention("/srv/app/shop/cart.py", 31, "total")),
    "python on windows": ('File "C:\\app\\shop\\cart.py", line 3, in <module>', PathMention("C:/app/shop/cart.py", 3)),
    "node": ("    at Cart.total (/app/src/cart.ts:10:5)", PathMention("/app/src/cart.ts", 10, "total")),
    "node, async": ("    at async Router.handle (src/router.js:7:3)", PathMention("src/router.js", 7, "handle")),
    "node, file url": ("  at new Cart (file:///app/src/cart.mjs:1:2)", PathMention("/app/src/cart.mjs", 1, "Cart")),
    "node, no name": ("    at /app/src/cart.mjs:3:4", PathMention("/app/src/cart.mjs", 3)),
    "go": ("main.(*Server).Handle(0xc00)\n\t/home/u/server/handle.go:33 +0x1d", PathMention("/home/u/server/handle.go", 33)),
    "go panic": ("panic: boom\nmain.go:12", PathMention("main.go", 12)),
    "rust": ("thread 'main' panicked at src/lib.rs:4:5:", PathMention("src/lib.rs", 4)),
    "rust compiler": ("  --> crates/a/src/main.rs:10:3", PathMention("crates/a/src/main.rs", 10)),
    "java": ("\tat com.shop.Cart.total(Cart.java:12)", PathMention("com/shop/Cart.java", 12, "total")),
    "dotnet": ("   at Shop.Cart.Total(Int32 x) in C:\\src\\Cart.cs:line 12", PathMention("C:/src/Cart.cs", 12, "Total")),
    "php": ("PHP Fatal error in /var/www/src/Cart.php on line 33", PathMention("/var/www/src/Cart.php", 33)),
    "php frame": ("#0 /var/www/Cart.php(9): total()", PathMention("/var/www/Cart.php", 9)),
    "ruby": ("app/models/cart.rb:12:in `total'", PathMention("app/models/cart.rb", 12)),
    "a link": ("see src/cart.py#L40-L44", PathMention("src/cart.py", 40)),
    "a test of pytest": ("FAILED tests/test_cart.py::TestCart::test_total", PathMention("tests/test_cart.py", 0, "test_total")),
    "a person": ("It is in ./shop/cart.py, line 3.", PathMention("shop/cart.py", 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", FRAMES)
def test_a_place_in_a_file_is_found(name: str) -> None:
    text, expected = FRAMES[name]
    assert expected in find_mentions(text)


def test_the_innermost_frame_comes_first_and_each_place_once() -> None:
    text = 'File "a.py", line 1, in outer\n  outer()\nFile "b.py", line 2, in inner\n  raise\nFile "b.py", line 2, in inner'
    found = [mention for mention in find_mentions(text) if isinstance(mention, PathMention)]
    assert found[:2] == [PathMention("b.py", 2, "inner"), PathMention("a.py", 1, "outer")]
    assert len([one for one in found if one.line == 2]) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shop.cart.Cart.total is wrong", NameMention(("shop", "cart", "Cart", "total"))),
        ("call net_price()", NameMention(("net_price",))),
        ("the HTTPServer stops", NameMention(("HTTPServer",), sure=False)),
        ("round net_price up", NameMention(("net_price",), sure=False)),
        ("use `limit` here", NameMention(("limit",))),
        ("Cart::total", NameMention(("Cart", "total"))),
        ("$cart->total", NameMention(("cart", "total"))),
        ("Cart#total", NameMention(("Cart", "total"))),
    ],
)
def test_a_name_of_code_is_found(text: str, expected: NameMention) -> None:
    assert expected in find_mentions(text)


def test_plain_words_name_nothing() -> None:
    assert find_mentions("please round the prices of all carts to two digits, as before, and/or less.") == [
        PathMention("and/or")
    ]
    assert find_mentions("The Cart is empty") == [NameMention(("The",), sure=False), NameMention(("Cart",), sure=False)]


def test_a_text_of_any_size_is_read_in_little_time() -> None:
    hostile = ("a/" * 500_000, 'File "' * 200_000, "at a.b(" * 200_000, "`" * 1_000_000, "x.y\n" * 300_000, "a:1" * 300_000)
    with at_most(5):
        for text in hostile:
            assert len(find_mentions(text)) <= MAX_MENTIONS


def test_of_a_long_text_the_beginning_and_the_end_are_read() -> None:
    text = "see first.py\n" + "nothing here\n" * MAX_TEXT + 'File "last.py", line 3, in f'
    found = find_mentions(text)
    assert PathMention("last.py", 3, "f") in found and PathMention("first.py") in found
