from slugs.slug import slug


def test_plain_text():
    assert slug("Hello, World 2") == "hello-world-2"
    assert slug("  --  ") == ""
