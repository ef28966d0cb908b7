"""What is said of left out code in other languages than English.

A comment may hold one of these words and be about something else ("the remaining time"), so all words of the line must be of
this kind, but for one name; where words are not divided by spaces, all of the line.
"""

from __future__ import annotations

import re

MAX_WORDS = 12

_REST = re.compile(
    r"rest(?:e|o|u|en|es|er|ul|liche\w*|ant\w*|ente|erende)?|übrig\w*|uebrig\w*|bestehend\w*|vorhanden\w*|"
    r"existant\w*|existente\w*|"
    r"esistente|istniej\w*|bestaande|overige|reszta|pozostał\w*|zbytek|ostatní|zbývajíc\w*|остальн\w*|остаток|существующ\w*|"
    r"решта|наявний|"
    r"befintlig\w*|eksisterende|loput|muu|kalan\w*|geri|mevcut|többi|maradék|بقية|باقي|بقیه|الموجود|שאר|הקיים|"
    r"बाकी|मौजूदा|phần|còn|"
    r"lại|sisa\w*|υπόλοιπ\w*|나머지\w*|기존\w*"
)
_STATE = re.compile(
    r"unver(?:ä|ae)ndert\w*|unberührt|identi\w+|inchang\w+|igual\w*|inalterad\w*|invariat\w*|uguale|ongewijzigd\w*|hetzelfde|"
    r"неизмен\w*|незмінн\w*|oförändra\w*|u(?:æ|ae|e)ndre\w*|ennallaan|muuttumat\w*|değişme\w*|degisme\w*|aynı|"
    r"aynen|változatlan\w*|"
    r"neschimbat\w*|अपरिवर्तित|nguyên|tetap|sama|αμετάβλητ\w*|그대로\w*|동일\w*|생략\w*|bisher|zuvor|gehabt|"
    r"niezmienion\w*|nezměněn\w*|gleich|ausgelassen|weggelassen|gekürzt|omis\w{0,3}|omitid\w*|omess\w*|weggelaten|"
    r"пропущен\w*|опущен\w*|pominięt\w*|vynechán\w*|utelämna\w*|utelat\w*|udelad\w*"
)
_CHANGE = re.compile(
    r"änderung\w*|aenderung\w*|changement\w*|modification\w*|cambi\w+|modific\w+|alter\w+|mudanç\w*|wijziging\w*|"
    r"zmian\w*|změn\w*|"
    r"изменени\w*|изменён\w*|изменя\w*|изменил\w*|змін\w*|ändring\w*|endring\w*|ændring\w*|muutoksia|değişiklik|változtatás|"
    r"modificări|تغيير|تغییر|שינוי|परिवर्तन|đổi|berubah|perubahan|변경\w*"
)
_NOT = re.compile(
    r"ohne|keine|sans|pas|sin|no|sem|senza|zonder|bez|без|не|utan|uten|uden|ilman|ei|fără|yok|nem|nélkül|بدون|"
    r"دون|ללא|बिना|không|tidak|"
    r"tanpa|없\w*|δεν|χωρίς"
)
_NOUN = re.compile(
    r"codes?|quellcodes?|datei\w*|file|funktion\w*|klasse\w*|methode\w*|fichiers?|fonctions?|classes?|classe|"
    r"código|codigo|archivo|"
    r"fichero|funci(?:ó|o)n\w*|métodos?|arquivo|funç(?:ão|ões)|codice|funzion\w*|bestand|functie\w*|kod\w*|"
    r"pliku?|funkc\w*|klasy|metod\w*|"
    r"souboru?|kódu?|код\w*|файл\w*|функци\w*|функці\w*|класс\w*|метод\w*|filen?|kode\w*|koodi\w*|tiedosto\w*|"
    r"dosya\w*|fonksiyon\w*|"
    r"codului|fi(?:ș|s)ierului|الكود|الملف|کد|הקוד|הקובץ|कोड|फ़ाइल|mã|tệp|fungsi|κώδικα\w*|αρχείο\w*|코드\w*|"
    r"파일\w*|부분\w*|함수\w*|메서드\w*"
)
_FILL = re.compile(
    r"der|die|das|des|dem|vom|von|wie|ist|sind|bleib\w*|hier|alles|andere\w*|so|du|de|la|le|les|l|est|reste|"
    r"restent|sont|ici|tout|el|los|"
    r"las|del|se|manti\w+|queda\w*|sigue\w*|como|que|antes|está|es|lo|todo|demás|mismo|do|da|dos|das|os|as|o|a|"
    r"permanec\w+|continu\w+|"
    r"fica\w*|di|della|dello|delle|il|rima\w+|resta|van|het|blijft|is|pozosta\w+|zůstáv\w*|остает\w*|остаёт\w*|"
    r"остают\w*|такой|как|было|"
    r"прежн\w*|раньше|без|лишається|залишається|av|är|er|och|i|on|ovat|pysyy|ennen|un|una|olduğu|gibi|az|"
    r"marad\w*|rămâne|كما|هو|هي|"
    r"يبقى|من|است|می|ماند|נשאר|ללא|है|का|được|giữ|vẫn|như|cũ|của|thay|yang|ada|ini|kode|παραμένει|ως|έχει|το|ο|η|"
    r"του|는|은|dei|degli|"
    r"и|та|ja|og|und|et|y|e|en|restul"
)
_TOKEN = re.compile(r"[^\W\d_][\w]*")
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
_C_STATE = (
    "保持不变|维持不变|没有变化|没有改变|没变|不变|保持原样|维持原状|省略|未改变|未修改|未改动|不改动|无需修改|"
    "无需改动|相同|一样|保持不變|不變|變更|"
    "変更なし|変更はありません|変更ありません|変わりません|変更無し|そのまま|同じです|同じ|中略|以下略|後略|前略|"
    "略|同上|เหมือนเดิม|ไม่เปลี่ยนแปลง"
)
_C_REST = "原来的|其余|其他|其它|剩余|剩下|其餘|剩餘|原有|现有|已有|現有|原来|残り|既存|他|ส่วนที่เหลือ|ที่มีอยู่"
_C_NOUN = (
    "代码|代碼|程式碼|程式|部分|内容|內容|文件|檔案|函数|函數|方法|类|"
    "逻辑|行|コード|ファイル|関数|メソッド|クラス|โค้ด|ไฟล์|ฟังก์ชัน"
)
_C_FILL = (
    "的|都|均|也|与|和|跟|之前|以前|以下|以上|上面|下面|后面|此处|这里|"
    "所有|全部|保持|保留|是|在此|此|这|原本|は|の|が|を|も|と|です|ます|以降|上記|下記|すべて|全て|ของ"
)
_C_WORDS = sorted("|".join((_C_STATE, _C_REST, _C_NOUN, _C_FILL)).split("|"), key=len, reverse=True)
_C_ALL = re.compile(rf"(?:{'|'.join(_C_WORDS)}|[\s,，。、；;:：…．.！!()（）-])++")
"""The longest words first, and never another way: so it takes one look at each place."""

_C_SAYS = re.compile(rf"(?:{_C_STATE})")
_C_RESTS = re.compile(rf"(?:{_C_REST}).*(?:{_C_NOUN})")


def is_said(words: str) -> bool:
    """True for what can only mean left out code. ``words`` are in lower case."""
    if words.isascii() and " " not in words:
        return False
    if _UNSPACED.search(words):
        return _C_ALL.fullmatch(words) is not None and bool(_C_SAYS.search(words) or _C_RESTS.search(words))
    tokens = _TOKEN.findall(words)
    if not 1 < len(tokens) <= MAX_WORDS:
        return False
    found = [_kinds(token) for token in tokens]
    unknown = sum(not kinds for kinds in found)
    has = frozenset("".join(found))
    state = "s" in has or {"c", "n"} <= has
    if unknown:
        return unknown == 1 and state and "r" in has
    return (state and (len(has - {"f"}) > 1 or "f" in has)) or {"r", "o"} <= has


def is_loose(words: str) -> bool:
    """True for words that mean it where the original had lines that are gone: one may be enough."""
    tokens = _TOKEN.findall(words)
    if (words.isascii() and len(tokens) < 2) or not 0 < len(tokens) <= MAX_WORDS or _UNSPACED.search(words):
        return False
    found = [_kinds(token) for token in tokens]
    has = frozenset("".join(found))
    return all(found) and ("s" in has or "r" in has or {"c", "n"} <= has)


def _kinds(token: str) -> str:
    patterns = (("r", _REST), ("s", _STATE), ("c", _CHANGE), ("n", _NOT), ("o", _NOUN), ("f", _FILL))
    return "".join(mark for mark, pattern in patterns if pattern.fullmatch(token))
