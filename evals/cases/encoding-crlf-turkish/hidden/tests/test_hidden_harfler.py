from pathlib import Path

import pytest

from metin.araçlar import başlık, kısalt

RAW = Path("metin/araçlar.py").read_bytes()


@pytest.mark.parametrize(
    ("metin", "büyük"),
    [("istanbul", "İSTANBUL"), ("ıspanak", "ISPANAK"), ("İzmir Işık", "İZMİR IŞIK"), ("çğöşü", "ÇĞÖŞÜ"), ("", ""), ("i̇", "İ̇"), ("straße", "STRASSE")],
)
def test_harfler(metin, büyük):
    assert başlık(metin) == büyük


def test_dosya_bicimi():
    assert RAW.startswith(b"\xef\xbb\xbf\"\"\"")
    assert RAW.count(b"\n") == RAW.count(b"\r\n")
    assert b"\r\r" not in RAW
    assert RAW.endswith(b"\r\n")


def test_gerisi_ayni():
    assert kısalt("merhaba", 4) == "mer…"
    text = RAW.decode("utf-8-sig")
    assert 'KÜÇÜK_BAĞLAÇLAR = ("ve", "ile", "da", "de")\r\n' in text
    assert "“…” olur" in text
