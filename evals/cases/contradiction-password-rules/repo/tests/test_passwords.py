from accounts.passwords import check


def test_a_good_one():
    assert check("correct horse") == []


def test_bad_ones():
    assert check("short") == ["It has fewer than 8 characters."]
    assert check("Password") == ["Too many people use it."]
