"""Türkçe metin araçları."""

KÜÇÜK_BAĞLAÇLAR = ("ve", "ile", "da", "de")


def başlık(metin: str) -> str:
    """Bütün harfleri büyütür."""
    return metin.upper()


def kısalt(metin: str, uzunluk: int) -> str:
    """En çok ``uzunluk`` harf; kesilirse sonunda “…” olur."""
    return metin if len(metin) <= uzunluk else metin[: uzunluk - 1] + "…"
