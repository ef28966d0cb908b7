"""How models say that code stands where they wrote none: "rest unchanged", "existing code", in English and other languages.

A phrase is what is left of a line without its comment marks, brackets and dots, in lower case.
"""

from __future__ import annotations

import re

MAX_PHRASE = 120
MAX_WORDS = 14

_NOUN = (
    r"(?:files?|code|functions?|class(?:es)?|methods?|modules?|components?|page|contents?|document|documentation|"
    r"implementations?|scripts?|config(?:uration)?|sections?|body|logic|blocks?|text|lines?|imports?|tests?|cases|styles?|"
    r"rules|markup|html|css|fields|properties|routes|handlers|definitions?|declarations?|settings|entries|article|story|"
    r"chapter|template|schema|constants|variables|helpers|parts?|source|program|app|story|readme|list|table|statements?|rest)"
)
_KEPT = (
    r"(?:(?:is|are|remains?|remain|stays?|stay|left|kept|keep|goes|go|all|still|exactly|completely) ){0,3}"
    r"(?:unchanged|untouched|the same|same|identical|intact|as[- ]is|as (?:it|they) (?:is|was|are|were)|(?:as|like) before|"
    r"as above|omitted|unmodified|not changed|not shown|elided|truncated|in place|unaltered|preserved|continues?)"
    r"(?: as (?:before|above|is))?(?: (?:for|due to) \w+)?"
)
_ARTICLE = r"(?:(?:the|this|that|your|our|my|all|and|then|with|keep|leave|include|insert|of|in) ){0,4}"
_STRONG = re.compile(
    rf"{_ARTICLE}(?:rest|remainder|remaining (?:part|portion|code|lines)|balance)(?: of)? {_ARTICLE}"
    rf"(?:[\w'./-]+ ){{0,4}}{_NOUN}(?: (?:of|in|for|from) [\w'. -]{{1,40}})?(?:[ ,:;-]{{1,3}}{_KEPT})?|"
    rf"{_ARTICLE}(?:rest|remainder|everything(?: else)?|all else|nothing else)[ ,:;-]{{1,3}}{_KEPT}|"
    rf"(?:{_ARTICLE}(?:rest|remaining|other|others|existing|previous|original|old|current|unchanged|same) )"
    rf"(?:[\w'./-]+ ){{0,4}}?{_KEPT}|"
    rf"{_ARTICLE}(?:(?:existing|unchanged|remaining|pre-existing) (?:[\w'-]+ )?"
    rf"(?:code|contents?|implementation|logic|body|file|lines)|(?:previous|original|same) code)"
    rf"(?:[ ,:;-]{{1,3}}{_KEPT}| (?:goes |comes |is )?here)?|"
    rf"{_ARTICLE}(?:existing|previous|original|old) (?:[\w'-]+ )?(?:{_NOUN}|jsx|elements|children) (?:stays?|remains?)|"
    rf"{_ARTICLE}(?:rest|remaining|existing|unchanged) (?:[\w'-]+ ){{0,4}}(?:goes |go |comes |is |are )?here|"
    rf"(?:it|this|{_ARTICLE}(?:[\w'-]+ ){{0,2}}?{_NOUN})?[ ]?(?:remains?|stays?|is|are|left|kept|keep) "
    rf"(?:the same|unchanged|as[- ]is|as before|untouched|intact|identical)(?: as (?:before|above))?|"
    rf"(?:same|identical|exactly) (?:as|like|to) (?:before|above|the original|previously|existing)(?: [\w']+){{0,3}}|"
    rf"(?:{_ARTICLE}(?:[\w'-]+ ){{0,3}})?(?:omitted|truncated|elided|snipped|abbreviated|shortened|skipped) for [\w]+|"
    rf"{_ARTICLE}{_NOUN} (?:omitted|truncated|elided|snipped|unchanged|not shown)(?: here)?|"
    rf"(?:keep|leave|retain|preserve) {_ARTICLE}(?:rest|existing|remaining|other|everything|original|previous)"
    rf"(?: [\w'-]+){{0,3}}? "
    rf"(?:code|contents?|implementation|logic|methods|functions|imports|file|lines|{_KEPT})|"
    rf"(?:keep|leave) {_ARTICLE}(?:rest|everything)|"
    rf"snip|snipped|no (?:other )?changes? (?:needed |required |to {_ARTICLE})?(?:here|below|above|{_NOUN})"
)
_SINGLE = re.compile(
    rf"unchanged|omitted|truncated|elided|no changes?(?: needed)?|same|as before|as above|"
    rf"(?:existing|remaining|other|unchanged|previous) (?:[\w'-]+ ){{0,2}}{_NOUN}"
)
_BARE = re.compile(r"unchanged|omitted|truncated|elided|no changes?(?: needed)?|same|as before|as above")
_WORD = re.compile(
    r"\b(?:rest|remain\w*|remainder|existing|unchanged|same|others?|previous|original|omitted|code|more|etc|continue[sd]?|"
    r"before|keep|here|imports?|methods?|functions?|fields?|snip\w*|truncated|elided|stays?|as is|implementation|logic|"
    r"contents?|lines|similar|unmodified|untouched|skipped|goes|your|class|tests?|body|brevity)\b"
)
_SURE_WORD = re.compile(
    r"\b(?:rest|remain\w*|remainder|existing|unchanged|omitted|unmodified|untouched|truncated|elided|snip\w*)\b"
)
_FOREIGN = re.compile(
    # German, French, Spanish, Portuguese, Italian, Dutch
    r"\brest (?:des|der|vom|bleibt)\b|unver(?:ä|ae)ndert|bleibt (?:gleich|so)|(?:ü|ue)briger? |restlicher? |"
    r"bestehende[rn]? code|"
    r"wie (?:bisher|zuvor|gehabt)|\b(?:le )?reste (?:du|de|des|est|reste)\b|inchang|code existant|sans changement|"
    r"\bresto (?:del?|della|do|da)\b|sin cambios|sin modificar|c(?:ó|o)digo existente|igual que antes|se mantiene|"
    r"\brestante\b|sem altera|inalterad|permanece|invariat|codice esistente|rimane (?:uguale|invariat)|"
    r"\brest van\b|ongewijzigd|bestaande code|blijft (?:gelijk|hetzelfde)|"
    # Polish, Czech, Russian, Ukrainian, Swedish, Danish, Norwegian, Finnish, Turkish, Hungarian, Romanian
    r"reszta (?:kodu|pliku|funkcji|klasy)|bez zmian|bez zm(?:ě|e)n|zbytek (?:k(?:ó|o)du|souboru)|остальн|без изменени|"
    r"существующий код|не измен|остается|остаётся|решта|без змін|наявний код|(?:ö|o)f(?:ö|o)r(?:ä|a)ndrad|resten av|resten er|"
    r"u(?:æ|ae)ndret|uendret|loput|ennallaan|muuttumat|de(?:ğ|g)i(?:ş|s)me|kalan(?:ı|i| kod)|geri kalan|mevcut kod|"
    r"v(?:á|a)ltozatlan|restul (?:codului|fi(?:ș|s)ierului)|neschimbat|"
    # Chinese, Japanese, Korean, Arabic, Persian, Hebrew, Hindi, Vietnamese, Indonesian, Greek, Thai
    r"其余|其他代码|其它代码|其他部分|剩余|剩下|保持不变|不变|保持原|原有|现有代码|已有代码|省略|同上|其餘|剩餘|保持不變|現有程式|原有|略$|"
    r"以下略|中略|残り|既存の?コード|変更なし|そのまま|以前と同じ|同じです|나머지|기존 ?코드|변경 ?없음|그대로|생략|동일|"
    r"بقية|باقي|"
    r"بدون تغيير|كما هو|بدون تغییر|بقیه|ללא שינוי|שאר|बाकी|अपरिवर्तित|ph(?:ầ|a)n c(?:ò|o)n l(?:ạ|a)i|"
    r"gi(?:ữ|u) nguy(?:ê|e)n|"
    r"kh(?:ô|o)ng (?:thay )?(?:đ|d)(?:ổ|o)i|sisa (?:kode|file|fungsi)|tidak berubah|tetap sama|"
    r"kode yang ada|υπόλοιπο|αμετάβλητ|"
    r"ส่วนที่เหลือ|เหมือนเดิม"
)


def is_said(words: str) -> bool:
    """True for what can only mean left out code, said of code."""
    return bool(_STRONG.fullmatch(words) or _FOREIGN.search(words))


def may_be_said(words: str) -> bool:
    """True for what means it where nothing else follows: "unchanged" by itself."""
    return bool(_SINGLE.fullmatch(words))


def is_bare(words: str) -> bool:
    """True for a word or two that mean it in the place of lines that were there."""
    return bool(_BARE.fullmatch(words))


def is_meant(words: str, *, sure: bool = False) -> bool:
    """True for words beside dots that make them an elision; ``sure`` where only few words do, and what is being done
    ("loading the remaining lines …") does not."""
    if is_said(words) or may_be_said(words):
        return True
    if not sure:
        return _WORD.search(words) is not None
    first = words.split(" ")[:3]
    doing = first[0].endswith("ing") and _SURE_WORD.fullmatch(first[0]) is None
    return not doing and _SURE_WORD.search(" ".join(first)) is not None
