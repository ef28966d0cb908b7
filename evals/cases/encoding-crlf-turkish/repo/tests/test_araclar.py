from metin.araçlar import başlık, kısalt


def test_buyuk_harf():
    assert başlık("şeker") == "ŞEKER"


def test_kisaltma():
    assert kısalt("merhaba", 4) == "mer…"
    assert kısalt("abc", 4) == "abc"
