"""What a sentence makes of a technology that it names: the one to use, the one to leave, or something that is only there.

English and Turkish, by what stands closely before and after the name in its sentence. The rules are about how tasks are
written ("port A to B", "A yerine B", "the A client stays as it is"), not about names.
"""

from __future__ import annotations

from enum import Enum

from agent.patterns import linear
from agent.stacks.denial import DETERMINERS, is_denied


class MentionRole(Enum):
    """``weight`` is how much of a word's own weight counts in this role."""

    CHOSEN = ("what a decision or a move ends at", 1.3)
    WANTED = ("what is asked for", 1.0)
    SECONDARY = ("something beside what is asked for", 0.2)
    CONTEXT = ("what the work is for, or in", 0.25)
    ASIDE = ("something that is there, or that the text is about", 0.0)
    LEFT = ("what is left behind", 0.0)
    DENIED = ("what is not wanted", 0.0)

    def __init__(self, meaning: str, weight: float) -> None:
        self.meaning = meaning
        self.weight = weight


_END = r"(?:[^\pL\pN_]|$)"
_SOME = r"(?:\S+\s+){0,2}"
_CASE = r"^'?[\pL\pN_]*"
_BECAUSE_OF = rf"{_CASE}(?:\s+[^\s,;:]+){{0,3}}?\s+"

_REMOVED = linear(
    r"\b(?:remov(?:e|ed|ing)|drop|dropped|dropping|delet(?:e|ed|ing)|retir(?:e|ed|ing)|abandon(?:ed|ing)?|ditch(?:ed|ing)?|"
    r"scrap(?:ped|ping)?|left|leaving|dump(?:ed|ing)?|moved (?:off|on from)|g[ai]ve up(?: on)?|giving up(?: on)?|"
    r"get(?:ting)? rid of|throw (?:out|away)|rip(?:ping)? out|tear out|stop using|away from|mov(?:e|ing) off|mov(?:e|"
    r"ing) on from|phas(?:e|ing) out|done with|finished with|through with|goodbye to|bye to|outgrew|outgrown|tired of|"
    r"decommission(?:ing)?|sunset(?:ting)?|replac(?:e|es|ing)|supersed(?:e|es|ing)|formerly|previously|used to (?:use|be|"
    r"run on)|so far)\s+" + DETERMINERS + "$"
)
_STOP = r"\s*(?:[.,;:]|$)"
_OVER = linear(
    _BECAUSE_OF
    + r"(?:(?:(?:is|are|was|were|feels?|felt|gets?|got|seems?|turned out|proved|became|has become|grew|has grown) (?:to be )?"
    r"(?:just |simply |far |way |much |really |a bit |getting )?(?:too \pL+|overkill|over(?:sized|weight|ly)?\b|both gone|gone|"
    r"dead|(?:only|just) (?:an? )?(?:idea|thought|experiment|trial|prototype|test)|history|obsolete|deprecated|bloated|heavy|"
    r"retired|no longer|being (?:retired|dropped|removed|phased|replaced))|goes away|go away|went away|must go|"
    r"has to go|had to go|"
    r"had its day|was dropped|(?:will|is to|shall|should|can) (?:be )?(?:removed|dropped|retired|disappear|deleted)|"
    r"(?:era|days|time|chapter)?\s?(?:is|are) (?:over|done for)|has too much|costs too much|slows? (?:us|everything) down|"
    r"(?:fazla|çok|aşırı|gereksiz|epey|bize) (?:ağır|büyük|yavaş|karmaşık|hantal|pahalı|şişkin)|"
    r"(?:ağır|fazla|çok|büyük|eksik|dar|az|hantal|yavaş|yetersiz|çıplak|hafif|küçük|karmaşık|pahalı|zor) "
    r"(?:geldi|geliyor|kaçtı|kaçıyor|kaldı|kalıyor)|bizi (?:yor|yavaşlat|bıktır|zorla|üz)\pL*|yordu|yoruyor|bıktırdı|usandırdı|"
    r"(?:dönemi|devri|defteri|çağı|macerası|günleri|zamanı) (?:bitti|kapandı|doldu|sona|geçti)|kalkıyor|kalksın|kalkacak|"
    r"kalktı|gitsin|gidecek|bırakıldı|bırakıyoruz|bıraktık|bırakalım|bırakıp|bırak|bırakın|bırakılsın|eledik|eleniyor|elendi|"
    r"eliyoruz|kaldır\pL*|sil|silin|sildik|siliyoruz|silinsin|silinecek|silip|atalım|attık|atıyoruz|çıkar|çıkardık|"
    r"çıkarıyoruz|çıkaralım|emekli\pL*|rafa|terk|yetmedi|yetmiyor|yetersiz|hantal\pL*|geride|tarih ol\pL*|sökülsün|sökülecek|"
    r"söküyoruz|söküp|sök|çöpe|vazgeç\pL*)" + _END + r"|(?:is|are|was|were) (?:both |all )?out" + _STOP + ")"
)
_FROM_IT = linear(r"^'?[dt][ae]n\s+(?:vazgeç|kurtul|çık|ayrıl|uzaklaş|bık|kaç|soğu)|^'[dt][ıiuü](?:[\s,.;]|$)|^\s+idi\b")
_INSTEAD = linear(_BECAUSE_OF + r"(?:yerine|dururken)" + _END)
_CONSIDERED = linear(
    r"\b(?:look(?:ed|ing)? at|consider(?:ed|ing)?|compar(?:ed|ing)|evaluat(?:ed|ing)|tried|weighed|discussed|debated|"
    r"thought (?:about|of|through)|played with|toyed with|assessed|prototyped(?: in| with)?|choosing between|torn between|"
    r"wavered between|hesitated between|came from|rejected|dismissed|ruled out|benchmarked|"
    r"experimented with)\s[^;:]*$"
)
_CONTRAST = linear(
    r"(?:.*[\s,])(?:but|however|yet|still|then|finally|in the end|ama|fakat|ancak|lakin|sonunda|sonra|neticede)\s"
)
_CONSIDERED_AFTER = linear(
    r"^[^;:.]*?\s(?:baktık|inceledik|düşündük|değerlendirdik|denedik|konuştuk|tartıştık|karşılaştırdık|"
    r"arasında (?:kaldık|gidip|seçim|bocala\pL*)|masadaydı|"
    r"gündemdeydi|elendi|were considered|were compared|was considered|were on the table)" + _END
)
_CHOSEN_BEFORE = linear(
    r"\b(?:(?:stay|stays|stayed|staying|stick|sticks|sticking|stuck|go|goes|going|went|settle|settled|decide|decided|opt|"
    r"opted|remain|remained|committed|landed|agreed) (?:with|on|for|in favou?r of|using|upon)|(?:we|i|team) (?:chose|choose|"
    r"picked|pick|selected|prefer|keep|kept|took|take|want)|chosen|winner is|choice is|decision is|choice was|decision was|"
    r"will be|shall be|it is|is now|from now on|artık|bundan sonra|bundan böyle|it's|keep using|kararımız|"
    r"tercihimiz|seçimimiz)\s+" + DETERMINERS + "$"
)
_CHOSEN_AFTER = linear(
    rf"{_CASE}\s*(?:(?:it is|it shall be|wins|won\b|from now on|is our (?:choice|pick)|was (?:chosen|picked)|"
    rf"is the (?:choice|winner))|"
    r"(?:ile\s+|üzerinde\s+|üzerinden\s+)?(?:sürüyoruz|sürdür[\pL]*|devam|ilerli[\pL]*|gidiyoruz|gideceğiz|kaldık|kalıyoruz|"
    r"kalalım|karar|geliyor|gelecek|gelsin|geçecek|seçtik|seçiyoruz|seçildi|kazandı|tercih|yola))"
)
_NOT_OURS_AFTER = linear(
    rf"{_CASE}(?:\s+[^\s,;:]+){{0,4}}?,?\s+(?:(?:(?:is|are|was|were) (?:already |all |now )?(?:done|fine|finished|ready|"
    rf"there|ok|"
    r"okay|good|live|correct|unchanged|untouched|out of scope|another team|some(?:one|body) else|handled|built|deployed|"
    r"in place|"
    r"working|not our|not part|not affected|separate)|stays? (?:as|the same|put|unchanged|untouched|where)|"
    r"remains? (?:as|unchanged|untouched)|(?:must|should|will|may|does|do|can|shall) (?:not|never) (?:notice|change|break|"
    r"be (?:touched|changed|affected)|need to change|care)|(?:don't|doesn't|won't) (?:change|need to change)|"
    r"(?:we|they|you) already (?:have|run|use)|already (?:exists?|runs?|works?|there)|that exists|exists already|"
    r"is maintained|comes? later|keeps? working|untouched|dokunma|dokunulma\pL*|dokunmuyoruz|değişme\pL*|değişmiyor|"
    r"aynı kal\pL*|aynen kal\pL*|zaten (?:var|hazır|yazıl\pL*|çalış\pL*|bitti)|başka ekip\pL*|bizim iş\pL* değil|işimiz değil|"
    r"kapsam dışı|etkilenme\pL*|fark etme\pL*|farkına)"
    + _END
    + r"|(?:hazır|bitti|tamam|duruyor|çalışıyor|sorunsuz|kalsın|stays)"
    + _STOP
    + ")"
)
_NOT_OURS_BEFORE = linear(
    r"\b(?:no changes? (?:to|in)|(?:without|not|don't|never) (?:touch|touching|chang(?:e|ing)|break|breaking)|apart from|"
    r"except for|regardless of)\s+(?:the|our|your|this|their|its|any)\s+" + _SOME + "$"
)
_KEPT_BEFORE = linear(r"\b(?:leave|leaving|keep|keeping)\s+(?:the|our|your|this|their|its|any)\s+" + _SOME + "$")
_TOPIC_BEFORE = linear(
    r"\b(?:about|on the (?:topic|subject) of|teach(?:es|ing)?|explain(?:s|ing)?|called|named|titled|"
    r"questions on|news (?:on|of)|courses? (?:on|in)|tutorials? (?:on|for)|articles? on|talks on)\s+(?:\S+(?:,| and| or)\s+)*"
    + DETERMINERS
    + "$"
)
_TOPIC_AFTER = linear(
    rf"{_CASE}(?:\s+(?:and|ve|or)\s+\S+)?\s+(?:hakkında|ile ilgili|konulu|konusunda|üzerine|eğitimi|kursu|konferans\pL*|"
    r"buluşma\pL*|geliştiricileri|tutorials?|conferences?|meetups?|job boards?|job ads|newsletter|certifications?|"
    r"cheat ?sheets?|bootcamp|developers?)" + _END
)
_FOR_BEFORE = linear(
    r"(?:\b(?:for|of|behind|against|alongside|beside|like|from|by|around|under|talks? to|talking to|connects? to|calls?|"
    r"calling|feeds?|serves?|serving|uses?|next to|belongs? to|similar to|compatible with|consumed by|used by|called by|"
    r"works? with|tests? for|runs?|to run|starts|builds and tests|builds|lints?|tests?|deploys?|ships|release|releases|"
    r"publishes|wraps)\s+"
    + DETERMINERS
    + r"|\b(?:to|in|on|into|inside|within|with|through|via|as)\s+(?:(?:the|our|my|your|their|this|an existing|existing|"
    r"its)\s+)" + DETERMINERS + r"|\bwith (?:an? )(?:\S+ )?)$"
)
_OURS_BEFORE = linear(r"(?:\b(?:our|my|the|this|your|their|existing|current)|\bmevcut|\bbizim|\beldeki)\s+(?:\S+\s+)?$")
_THING_AFTER = linear(
    r"^(?:\s+[^\s,;:.]+)?\s+(?:app|apps|application|applications|service|services|project|projects|code|codebase|tests|"
    r"test suite|api|backend|frontend|front end|client|server|site|website|worker|workers|queue|scheduler|monolith|prototype|"
    r"shop|repo|repository|monorepo|image|container|stack|microservices?|packages?|"
    r"build|bundle|suite)" + _END
)
_FRONT_AFTER = linear(r"^\s+(?:front ?end|front-end|client|ui|backend|back end|admin|dashboard|api)" + _END)
_FOR_AFTER = linear(
    r"^'?[\pL\pN_]*\s+(?:ve\s+[^\s,;:]+\s+)?(?:[^\s,;:]+\s+)?(?:için|adına|testler\pL*|imaj\pL*|konteyner\pL*|derleme\pL*)"
    + _END
    + r"|^'?[\pL\pN_]*\s+[^\s,;:]*(?:[sn][ıiuü]n[ıiuüae]?|[sn][ıiuü]n[ıiuü]n|[ıiuü]m[ıiuü]z[ıiuüae]?|[ıiuü]m[ıiuü]z[ıiuü]n|"
    r"[sn][ıiuü]nd[ae]n?|[sn][ıiuü]yla|[sn][ıiuü]yle|"
    r"[ıiuü]n[ıiuü] (?:paketle|derle|yayınla))" + _END
)
_BESIDE_BEFORE = linear(
    r"(?:\b(?:deploy(?:ed|s|ing)?|run(?:s|ning)?|ship(?:ped|s)?|packag(?:ed?|ing)|host(?:ed)?|start(?:ed|s)?|launch(?:ed)?|"
    r"bring up|serve[ds]?|delivered?|released?)\s+(?:it|them|everything|the (?:whole )?(?:thing|app|service|stack)|"
    r"all)?\s*(?:up )?(?:with|via|by|using|in|on|to|as|through|inside|under)?\s*|\b(?:with|plus|including|includes?|and|also|"
    r"as well as|later|optional(?:ly)?|bonus:|ve|ayrıca|bir de)\s+)" + DETERMINERS + r"(?:\S+\s+)?$"
)
_BESIDE_AFTER = linear(
    rf"{_CASE}\s+(?:support|desteği|destekli|later|comes? later|come later|can wait|will follow|follows|is optional|as well|"
    rf"too\b|"
    r"is a bonus|next sprint|(?:[\pL]+ )?(?:sonra|sonraya)|ile (?:çalış|dağıt|yayın|kalk|ayağa|koş|paketle|sun)[\pL]*|"
    r"(?:üzerinde|içinde|altında) (?:çalış|koş)[\pL]*|çalışan|çalışsın|olan|içeren|dosyası da|da olsun|de olsun|da ekle|"
    r"de ekle)"
)
_DATIVE = linear(r"^'?(?:y?[ea]|[nz][ea])(?:[^\pL\pN_]|$)")
_COMES_FROM = linear(r"\pL'?[dt][ae]n\s+(?:[^\s,;:]+\s+){0,2}$")
_MOVED_TR = linear(
    r"^'?[\pL\pN_]*(?:\s+[^\s;]+){0,4}?\s+(?:taşı|geç|çevir|çevri|dönüş|dönüyor|aktar|port|uyarla|yükselt|göç)[\pL]*"
)
_REDONE_TR = linear(
    r"^(?:'?[\pL\pN_]*\s+(?:ile|kullanarak|olarak|üzerinde)|'?[\pL]*y?l[ae])(?:\s+[^\s;]+){0,3}?\s+(?:(?:yeniden|baştan|"
    r"sıfırdan|tekrar)\s+(?:yaz|kur|yap|inşa|oluştur|geliştir|ele)|değiştir)[\pL]*"
)
_TAKES_PLACE_TR = linear(r"^'?[\pL\pN_]*\s+(?:bırak|alsın|alıyor|aldı|alacak|geçsin|geçiyor|geçecek|geçti)[\pL]*")
_MOVE = (
    (
        linear(
            r"\b(?:port|migrat|mov(?:e|ing)|convert|transition|switch|turn|transform|transfer|translat|upgrad|bring|chang|"
            r"shift|lift|carry|from|rewrit|re-writ|reimplement|re-implement|rebuil|re-build|recreat|redo|redon|rework|"
            r"refactor|going|go|evolv)[a-z]*\s"
        ),
        linear(rf"\b(?:over to|across to|to|into|onto|in favou?r of)\s+{DETERMINERS}(?:\S+\s+){{0,2}}$"),
    ),
    (
        linear(
            r"\b(?:rewrit|re-writ|rewrote|reimplement|re-implement|rebuil|re-build|recreat|redo|redon|rework|recod|refactor|"
            r"remak|remad|writ\w* again|start over|do over)[a-z]*\s"
        ),
        linear(rf"\b(?:in|as|with|on|using|on top of)\s+{DETERMINERS}(?:\S+\s+){{0,3}}$"),
    ),
    (
        linear(r"\b(?:replac|swap|supersed|substitut|exchang|trad)[a-z]*\s"),
        linear(rf"\b(?:by|with|for|in favou?r of)\s+{DETERMINERS}(?:\S+\s+){{0,2}}$"),
    ),
    (
        linear(r"\b(?:left|leaving|ditch|abandon|dropp|dump|giv(?:e|ing) up|gave up)[a-z]*\s"),
        linear(rf"\b(?:for|in favou?r of)\s+{DETERMINERS}(?:\S+\s+){{0,2}}$"),
    ),
    (linear(r"."), linear(rf"(?:\b(?:becomes?|become|becoming|gives way to|is superseded by)|[-=]>|→)\s+{DETERMINERS}$")),
)


def role_of(before: str, after: str) -> MentionRole:
    """The role of a name by what stands ``before`` and ``after`` it in its sentence; ``ends_move`` is looked at apart."""
    if is_denied(before, after):
        return MentionRole.DENIED
    if _CHOSEN_AFTER.search(after) or _CHOSEN_BEFORE.search(before):
        return MentionRole.CHOSEN
    since = before[hit.end() :] if (hit := _CONTRAST.search(before)) else before
    left = _REMOVED.search(before), _OVER.search(after), _FROM_IT.search(after), _INSTEAD.search(after)
    if any(left) or _CONSIDERED.search(since) or _CONSIDERED_AFTER.search(after):
        return MentionRole.LEFT
    if _NOT_OURS_AFTER.search(after) or _NOT_OURS_BEFORE.search(before):
        return MentionRole.ASIDE
    if _TOPIC_BEFORE.search(before) or _TOPIC_AFTER.search(after):
        return MentionRole.ASIDE
    if _is_context(before, after):
        return MentionRole.CONTEXT
    return MentionRole.WANTED


def _is_context(before: str, after: str) -> bool:
    if before.endswith((" with a ", " with an ")):
        return bool(_FRONT_AFTER.search(after))
    if _FOR_BEFORE.search(before) or _FOR_AFTER.search(after) or _KEPT_BEFORE.search(before):
        return True
    return bool(_OURS_BEFORE.search(before) and _THING_AFTER.search(after))


def is_beside(before: str, after: str, name: str) -> bool:
    """Whether a tool of operations is named beside what is asked for: "deploy with Docker", "CI comes later"."""
    return name.endswith(("ised", "ized")) or bool(_BESIDE_BEFORE.search(before) or _BESIDE_AFTER.search(after))


def ends_move(before: str, after: str) -> bool:
    """Whether the sentence moves something to this name: what it names before is then what it comes from."""
    for verb, marker in _MOVE:
        hit = marker.search(before)
        if hit and verb.search(before[: hit.start()] + " "):
            return True
    if _DATIVE.search(after) and (_MOVED_TR.search(after) or _COMES_FROM.search(before)):
        return True
    if "yerini" in before or "yerine" in before:
        return bool(_TAKES_PLACE_TR.search(after))
    return bool(_REDONE_TR.search(after))
