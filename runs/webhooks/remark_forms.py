"""Forms of sentences that ask for nothing, whatever words fill them: they leave things as they are, take a remark back, deny
that there is trouble, or say that it is over. And the words of answers to our question. In lower case."""

from __future__ import annotations

import re

from .remark_words import words as _words


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


LEAVES = _any(
    r"\b(?:leave|keep|let)(?: (?:it|this|that|them|things|everything))?(?: (?:just|exactly))?(?: (?:as(?: it"
    r"| they)? (?:is|are)|as-is|like (?:this|that|it is)|so|alone|be)\b.*)",
    r"^(?:please |let's |no |then )*(?:leave|keep) (?:it|this|that)$|\bthis (?:can|may|should) stay\b",
    r"\b(?:don't|do not|no need to|needn't|not) (?:bother|(?:change|touch) (?:it|this|that|anything)|do anything)"
    r"(?:,? please)?$",
    r"\b(?:no need to|needn't) do (?:it|this|that)$"
    r"|^(?:exactly |just )?as (?:it )?is$|^no need$|^(?:不用|不需要|不必|无需)了?$"
    r"|\bno change\b(?!s? (?:in|of|to) )",
    r"\b(?:nothing|no changes?) (?:to (?:change|add|do|fix)|(?:is |are )?(?:needed|necessary|required|requested))\b",
    r"^(?:it's |that's |this is )?not (?:necessary|needed|required|now|here|in this)\b",
    r"^(?:no,? )?(?:bitte )?(?:lass|lassen|belass)(?: (?:es|das|wir))?(?: (?:bitte|mal|einfach))*(?: so\b.*)?$",
    r"\b(?:so lassen|so bleiben|nicht (?:nötig|notwendig|ändern|anfassen))\b|^bitte nicht$"
    r"|\bkeine? (?:\w+ )?änderung(?:en)?\b",
    r"\blaisse[zr]?(?: (?:le|la|les|ça|cela|comme)\b.*)|\bpas (?:la peine|(?:besoin|nécessaire)\b)"
    r"|\brien à (?:changer|redire)\b",
    r"\bne (?:change|touche)[zs]? (?:rien|pas)\b|\baucun changement\b",
    r"\bd[ée]ja(?:lo|la|r(?:lo|la)?)\b(?: así)?|\bno (?:hace falta|es necesario|(?:lo|la) cambies)\b|\bestá bien así\b",
    r"\bnão (?:precisa|é necessário)\b|\b(?:va bene|perfetto) così\b|\bне (?:надо|нужно)\b|\blaat maar\b",
    r"(?:不需要|不用|无需|無需|不必|不要)(?:再)?(?:修改|更改|改动|改变|改|变)|保持(?:原样|不变|现状)|このままで|そのままで",
)  # fmt: skip
"""It is to stay as it is."""
NOT_DONE = _any(r"^(?:please )?(?:don't|do not)$|\b(?:don't|do not|not) do (?:it|this|that)(?:,? please)?$")
"""As an answer to whether something is to be done, the same; of code, that it is to go."""
WITHDRAWS = _any(
    r"\bnever ?mind\b|\bforget (?:(?:it|this|that)(?: (?:then|comment|remark|question|one))*$|what\b|my\b)"
    r"|\bskip it(?: (?:then|for now|here))*$",
    r"\b(?:ignore|disregard)(?: (?:this|that|my|the|it|above|last|previous|earlier|comment|remark|question|note))+$",
    r"\bmy (?:bad|mistake|fault|error)(?:$| (?:on|for|about|here|there|then|again|sorry|i)\b)"
    r"|\bi (?:just )?(?:misread|misunderstood|overlooked|missed|mistook|confused)\b",
    r"\bi was (?:wrong|mistaken|confused)\b|^sorry$",
    r"\b(?:just|only|simply) (?:a |an )?(?:question|asking|curious|wondering)\b|\bi (?:was )?(?:just|only) want",
    r"\b(?:nur|bloß) (?:so )?(?:eine )?frage\b|\bmein (?:fehler|irrtum)\b|\bschon gut\b",
    r"\bqu'une question\b|\bjuste une question\b|\bsolo (?:era |es )?(?:una pregunta|preguntaba)\b|\bera solo\b|算了"
    r"|只是问|只是問",
)  # fmt: skip
"""What was said before counts no more."""
_NONE = r"(?:no|without|zero|any|keine?[nr]?|ohne|aucune?|sans|pas de|sin|ning[uú]na?|sem|nenhuma?|senza|nessuna?|geen)"
_MORE = r"(?:more|further|other|new|real|major|such|weiteren?|mehr|autres?|plus de|más|outras?|altr[aei])"
_TROUBLE = (
    r"(?:problem|objection|comment|remark|blocker|concern|complaint|issue|note|worry|worrie|leak|crashe?|bug|error|mistake|"
    r"warning|regression|einwänd|anmerkung|bemerkung|fehler|beanstandung|remarque|erreur|problème|objeción|objecion|"
    r"comentario|problema|errore|error|objeç|objeçõ|obiezion)\w{0,2}"
)
UNTROUBLED = _any(
    rf"\b{_NONE} (?:{_MORE} )?{_TROUBLE}(?= *(?:$|found|left|from|on|at|here|now|so|by|with|gefunden|mehr|por|de ma))",
    r"\bno worries\b|\bnot (?:a|an) (?:problem|issue)\b|\bnothing (?:else|wrong|missing|to (?:add|complain))\b",
    r"\bnichts (?:zu|mehr|hinzu)\b.*|\brien à (?:dire|ajouter)\b|\bnada (?:que|a|más)\b.*|没有?(?:问题|意见|異議"
    r"|异议)|没問題|問題(?:ありません|ない)",
    r"\bwhat (?:i|we) (?:had in mind|needed|wanted|meant|were looking for)\b|\b(?:todo|fixme|warning|hack)s? (?:is "
    r"|are )?gone\b",
    r"замечаний нет|нет замечаний",
)  # fmt: skip
"""There is no trouble."""
CONDITION = re.compile(r"\b(?:once|when|after|until|unless|as soon as|provided)\b")
CURE = re.compile(
    r"\b(?:is|are|gets?|has been|have been) (?:all |now |finally )*(?:gone|fixed|solved|resolved|addressed|handled)\b"
)
"""What is said to be over behind a condition is still to be done."""
OVER = _any(
    r"\b(?:is|are|was|were|now|todo)(?: (?:all|now|finally))* (?:gone|fixed|solved|resolved|addressed|handled|away|done)\b",
    r"\b(?:no longer (?:fail|crash|occur|appear|break|leak|happen|hang|block)\w*|(?:bug|crash|error|problem|issue"
    r"|problema) (?:solved|fixed|resolved))\b",
    r"\bist (?:jetzt )?(?:weg|behoben|gelöst)\b|\best (?:corrigé|réglé|résolu)e?\b|\bya no\b|已(?:经)?(?:解决|修复"
    r"|修好)|直りました",
    r"\bmerci d'avoir\b|\bgracias por\b|\b(?:danke|dank) (?:fürs?|für)\b|\bmerci pour\b|修正ありがとう|谢谢(?:你)?修复",
)  # fmt: skip
"""It was trouble, and is none now."""
_COMPUTER = (
    r"(?:machine|laptop|box|computer|pc|desktop|mac(?:book|os)?|linux|windows|ubuntu|debian|fedora|side|end|setup|branch|fork|ci|"
    r"mine|staging|production)"
)
GLAD = _any(
    r"^(?:so |very |really |such (?:a |an )?|what (?:a |an )?|that's (?:a |an )?)?"
    r"(?:great|nice|neat|beautiful|awesome|lovely|excellent|wonderful|brilliant|clever|fantastic|amazing|impressive|elegant|"
    r"(?:huge|big) (?:improvement|win|step(?! back))|much better|very readable|congrats|congratulations|glad|happy|"
    r"(?:verified|confirmed|tested)(?! (?:bug|crash|error|leak|regression|typo|mistake))|works|sehr schön|gute[rs]?|"
    r"tolle[rs]?|super|bon|bonne|beau|belle|très bon|bien|buen|buena|excelente|gran|ottimo|goed"
    r"|отличн\w+)(?: (?!for\b|to\b|if\b"
    r"|candidate\b|place\b|spot\b|only\b|que\b|pour\b|para\b|für\b)[\w'`-]+){0,7}$",
    r"^(?:(?:it|this|that|all|the|my|unit|tests?|everything|now) )*(?:works?|pass(?:es)?|(?:is |are )(?:all )?green)"
    r"(?: (?:now|fine|again|great|well|locally|as expected|for me|like a charm|perfectly|here))*$",
    r"^(?:es |das )?(?:funktioniert|passt|geht|gefällt mir|klappt)(?: (?!nicht\b)\w+){0,4}$|^(?:ça|cela) (?:marche"
    r"|me va)(?: (?!pas\b)\w+){0,3}$",
    r"^(?:me (?:parece|gusta) bien|funciona|todo bien)(?: (?!(?:no|pero|mal|sólo|solo|casi|cuando|si|salvo|menos)\b)\w+){0,4}$",
    r"^(?:ah |oh |okay |ok )*(?:i (?:agree|see|understand)|understood|got it|right|til|alles klar|d'accord"
    r"|noted)(?: with \w+)?$",
    r"^(?:(?:it |this |that |everything )?(?:(?:still|also|just|all) )?(?:works|runs|builds|passes)|"
    r"(?:all |the |all the )?tests (?:(?:still|also|just|all) )?(?:work|run|pass))"
    r"(?: (?:fine|well|great|ok|okay|perfectly|nicely|too))?"
    rf"(?: (?:here|locally|now|for me|(?:on|with|in) (?:(?:my|our|the|a) )?(?:own )?{_COMPUTER}))+(?: too| as well)?$",
    r"^(?:das |es |alles |hier )*(?:läuft|funktioniert|geht|klappt)(?: (?:bei (?:mir|uns)|hier|jetzt|lokal|gut|super|klar"
    r"|auf (?:mein|unser|dies|all|beid)\w* rechnern?))+$|^in ordnung$|^alles (?:bestens|gut|klar|super)$",
    r"^(?:ça|cela|tout) (?:marche|passe|fonctionne|roule)(?: (?:chez (?:moi|nous)|bien|ici|sur ma machine))*$",
    r"^(?:todo )?(?:funciona|va|corre)(?: (?:en mi (?:máquina|equipo|ordenador)|bien|aquí))+$",
    r"^(?:and )?(?:have|enjoy) (?:a|your|the) (?:(?:nice|great|good|lovely) )?(?:day|evening|week-?end|week|one|holidays?)$",
    r"^schöne[ns]? (?:tag|abend|feierabend|wochenende|woche)(?: noch)?$|^bon(?:ne)? (?:week-end|weekend|journée|soirée|fin de "
    r"semaine)$|^(?:que tengas )?(?:un )?buen (?:día|fin de semana|finde)$",
    r"^(?:ah |oh )*i (?:like|love|appreciate)(?: (?!but\b|if\b)[\w'-]+){1,7}$",
    r"^(?:will |i'll |i will |you can |can be |please |kannst du |ready to )?merg(?:e|ing|en|ed)(?: (?:it|this|that"
    r"|now|later|today|tomorrow|soon))*$|可以合并|可以合併",

)  # fmt: skip
"""A short sentence that is glad of something and says no more."""
MOCKS = _any(
    r"\b(?:thanks?|thank you|thx|cheers) (?:a lot |so much |very much )?for nothing\b|\bnice try\b|\bgood grief\b",
    r"\b(\w+),? just \1\b|\b(?:danke|dank) für (?:gar )?nichts\b|\bmerci pour rien\b|\b(?:gracias|obrigad[oa]) por nada\b",
    r"\bgrazie per niente\b|\bna (?:toll|super|prima|klasse|bravo)\b|\bспасибо (?:ни )?за ничего\b|^/s$|\s/s$|\bnot!*$",
    r"\bi (?:love|like|enjoy) how (?:nobody|no one|nothing|none)\b|\bsaid (?:no one|nobody)\b|\bgo wrong\b",
    r"^(?:ok|okay|fine|sure|thanks|great|nice|right)\s?(?:\.\.\.|…)",
)
"""It has the words of praise and is none: who says so is asked."""
SIGNED = re.compile(
    r"(?:^|(?<=[.!?\n,]))[ \t]*(?i:(?:(?:with )?(?:kind|best|warm|many) regards|regards|all the best|best wishes|cheers|yours|"
    r"(?:mit )?(?:freundlichen|besten|vielen|herzlichen) grüßen|(?:viele|liebe|beste|schöne) grüße|mfg|lg|vg|gruß|"
    r"(?:bien )?cordialement|bien à (?:vous|toi)|amicalement|amitiés|(?:un )?saludos?(?: cordial(?:es)?)?|atentamente|"
    r"un abrazo|abraços|saluti|groet(?:en|jes)?|met vriendelijke groet(?:en)?))"
    r"(?:[ \t,!.]*\n?[ \t]*(?:[-–—] ?)?[A-ZÀ-ÝŽŠČ][\w'’.-]{0,30}(?: [A-ZÀ-ÝŽŠČ][\w'’.-]{0,30}){0,2})?[\s.!,]*\Z"
)
"""How a remark ends, as a letter does, with the name of who wrote it. As it is written, not in lower case."""
UNSPACED_PRAISE = _any(
    "很好|不错|不錯|谢谢|谢了|感谢|做得好|完美|同意|赞|辛苦|正常|漂亮|いいですね|ありがとう|了解|素晴らしい|좋아|감사"
)
"""Of languages that are written without spaces."""
UNSPACED_ASKS = _any(
    r"请|請|应该|應該|建议|能不能|可不可以|最好|缺少|少了|漏了|遗漏|崩溃|错别字|太长|太短|不要在|别在|没有?(?:更新"
    r"|处理|检查|测试)|改成|改为|重命名",
    r"(?:て|で)ください|お願い|方がいい|べき|が(?:必要|足りない|ない|抜けて)|주세요|опечатк|добавь|переименуй"
    r"|перенеси|исправь",
)  # fmt: skip
REQUESTS = _any(
    r"\b(?:don't|do not|let's not|never) do (?:it|this|that)\b",
    r"\bi (?:liked|preferred) the (?:old|previous|original|former)\b",
    r"\bmerci de (?!votre\b|vos\b|ton\b|ta\b|tes\b|cette?\b|ces?\b|l[ae]\b|nous\b)\w+[eio]re?\b",
    r"\b(?:veuillez|prière de)\b",
    r"^(?:i think |maybe )?\S+ would be (?:cleaner|better|nicer|clearer|simpler|safer|faster|easier|more \w+)\b",
    r"^(?:do you |would you )?mind \w+ing\b|\bonce you \w+|\bexcept (?:that|for)\b|\bcould use (?:some|a|an|more)\b",
    r"\b(?:doesn't|does not|don't|do not|isn't|is not|aren't) (?:compile|build|work|assert|handle|check|cover|close"
    r"|correct|right|"
    r"thread-safe|released|updated|tested|documented)\b|\bnever (?:released|closed|checked|called|awaited|reset)\b",
    r"^s/[^/]+/[^/]*/|^off by one\b|\bonce too often\b|\b(?:deadlock|blocks? forever|race (?:condition )?here)\b"
    r"|\bci is red\b",
    r"\b(?:stürzt|schlägt|geht|funktioniert) .*\b(?:ab|fehl|nicht)$|\birreführend\b|^(?:lösch|lösche|mach|nimm|benutz"
    r"|benenn)\b",
    r"\b(?:plante|échoue|ne marche pas|faute de frappe|n'est pas clair)\b|\b(?:falla|no funciona|no compila|es confuso)\b",
    r"\b(?:is|are|looks?) (?:off|stale|hard-coded|hardcoded)\b|\bis (?:the )?wrong\b",
)  # fmt: skip
"""A request or a fault that no single word shows."""
YES = _words(
    """
    yes yep yeah yup sure y ok okay absolutely definitely certainly indeed exactly correct right please ja klar gerne genau
    unbedingt natürlich jawohl oui exactement sí si claro adelante hazlo exacto sim sì certo tak да конечно evet
    """
)
YES_FORMS = _any(
    r"^(?:of course|go (?:ahead|for it)|please do|do (?:it|so|that)|that's what i meant?|bien sûr|d'accord"
    r"|por supuesto|mach das)\b",
    r"^(?:i'd appreciate|that would be|would be|sounds) (?:that|great|nice|good|lovely)\b",
    r"^(?:是|对|對|好|可以|没错|沒錯|嗯|はい|そうです|네|예)",
)
"""How an answer begins that confirms."""
NO = _words("no nope nah never not nein nee non nie não нет hayır n")
NO_FORMS = _any(r"^(?:不|否|算了|没关系|沒關係|いいえ|いや|아니)|^no[,.! ]|^later\b|^👎")
"""How an answer begins that denies."""
NOT_YET = _words("sure certain idea clue but aber mais pero maar но")
"""Words after a no that make it no answer ("not sure", "no idea"), or go on."""
