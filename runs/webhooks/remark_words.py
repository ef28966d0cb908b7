"""Words by which a remark is recognised as praise or as a request (`runs.webhooks.remark_intent`), in the languages of most
reviews. In lower case, without punctuation. What is in no list makes a remark unclear, which costs a question and no run."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PRAISE = words(
    """
    +1 100% lgtm sgtm ty thx tx thanks thank tnx cheers perfect great good nice excellent awesome amazing brilliant
    fantastic superb wonderful lovely neat cool sweet beautiful clean clear elegant solid impressive outstanding well done
    kudos bravo congrats congratulations yay wow yes yep ok okay fine approved approve approving shipit ship merge merging
    ready works working love loved like liked appreciate appreciated agreed agree ack fixed resolved better best happy
    glad correct right exactly danke dankeschön super prima toll klasse spitze perfekt sehr gut gute gutes guter passt
    einverstanden genehmigt sauber schön merci parfait parfaite bien bon bonne génial superbe excellente approuvé nickel
    impeccable gracias perfecto perfecta genial excelente bueno buena estupendo aprobado fantástico obrigado obrigada
    perfeito perfeita ótimo ótima bom boa aprovado valeu legal grazie perfetto perfetta ottimo ottima eccellente bene
    buono fantastico approvato bedankt dank dankjewel goed mooi top geweldig goedgekeurd dzięki dziękuję świetnie tack tak
    bra kiitos hyvä díky děkuji teşekkürler harika спасибо отлично супер хорошо здорово класс дякую чудово 谢谢 感谢
    很好 完美 不错
    赞 谢了 好的 謝謝 很棒 ありがとう ありがとうございます 完璧 いいね 素晴らしい 감사합니다 고마워요 좋아요
    완벽해요 alright mercis wunderbar hervorragend großartig bestens läuft gusta vale شكرا ممتاز תודה מעולה धन्यवाद
    """
)
"""Words that praise, approve or thank."""
FILLER = words(
    """
    a an finally the this that that's there's everything's you're we're they're he's she's it its it's i i'm we you u your
    yours me my us our to for and so very really much all of in on is
    are was looks look looking seems sounds everything now here there again just quite pretty absolutely totally indeed
    many lot lots man team folks everyone work job pr mr patch code change changes commit fix test tests one go from side
    by with as has been be am will team's bunch ahead too both also have do did does made making most more das ist es ich
    wir du ihr alles sieht aus jetzt mir für und die der den vielen besten dank arbeit tolle sehr von hier c'est est ça je
    tout très beaucoup pour le la les et moi travail de nous vous está todo muy mucho muchas muchos para el los y trabajo
    por lo se ve muito tudo o os e trabalho é ficou molto tutto per il lavoro va è dit het ziet er uit heel veel voor en
    werk stuff herzlichen tausend schönen bei mille un grand à tous toutes mil muchísimas muchísimos me
    все всё это очень большое за вам
    """
)
"""Words that may stand beside praise and mean nothing by themselves."""
PRAISE_PHRASES = (
    "no problem", "no problems", "no complaints", "no complaint", "no objections", "no objection",
    "no further comments", "no comments", "no issues", "no concerns", "no notes", "nothing to add", "nothing else",
    "no changes needed", "no change needed", "no more comments", "can't complain", "couldn't be better",
    "nothing to complain about", "ship it", "not bad", "keine einwände", "keine anmerkungen", "nichts hinzuzufügen",
    "rien à dire", "rien à redire", "sin comentarios", "nada que añadir", "sem comentários", "nessun commento",
    "geen opmerkingen", "makes sense", "good to go", "that's it",
)  # fmt: skip
"""Taken out before a remark is read word by word."""
OPENERS = (
    "thanks for", "thank you for", "thanks to", "many thanks for", "i love", "i like", "i really like", "love the",
    "love how", "love this", "like the", "great to", "great that", "good that", "nice use", "good use", "nice idea",
    "good idea", "great idea", "nice catch", "good catch", "great catch", "good point", "well spotted", "nice work",
    "great work", "good work", "great job", "good job", "nice job", "well done", "happy with", "danke für",
    "vielen dank für", "schön dass", "merci pour", "merci de", "gracias por", "obrigado por", "obrigada por",
    "grazie per", "bedankt voor", "dank voor", "спасибо за",
)  # fmt: skip
"""How praise begins that says what it is for."""
ASKING = words(
    """
    please pls plz should shouldn't must needs need needed todo nit fixme instead rather prefer suggest suggestion
    consider bitte sollte sollten muss müssen müsste statt stattdessen lieber brauchen braucht svp stp devrait devraient
    faut faudrait plutôt debería deberían debe favor mejor deveria deveriam dovrebbe dovrebbero invece moet moeten zou
    graag alstublieft aub пожалуйста нужно надо следует исправь исправьте вместо 请 應該 应该 需要 修改 してください 필요
    """
)
"""Words that ask for something, wherever they stand."""
DEFECTS = words(
    """
    typo missing misses wrong incorrect broken breaks broke bug bugs buggy crash crashes crashed fails failing
    error errors misleading confusing unclear unused unnecessary redundant duplicate duplicated inconsistent outdated
    obsolete unsafe insecure slow leak leaks forgot forgotten undocumented untested unhandled lacks lacking mistake
    regression deprecated invalid fehlt fehlen falsch kaputt tippfehler unnötig überflüssig doppelt verwirrend unklar
    vergessen manque manquent faux fausse inutile falta faltan incorrecto faltam errado manca mancano sbagliato ontbreekt
    ontbreken fout ошибка 错误
    """
)
"""Words that name a defect, and so ask for its repair; not beside a word of CURED, nor in praise that says what it is for."""
DEFECT_NAMES = words("bug bugs crash crashes error errors leak leaks mistake regression typo")
"""Of DEFECTS, what a thing may be about without having one ("error handling")."""
CURED = words(
    """
    no nothing without never zero fixes fixing fixed handles handling handled solves solving solved resolves
    resolving catches catching prevents preventing avoids avoiding kein keine keinen nichts ohne behebt behoben aucun
    aucune sans corrige sin ningún ninguna sem nenhum nenhuma senza nessun nessuna geen zonder нет без 没有
    """
)
"""Words that say that a defect is not there, or no more: whether more is meant is unclear then, and no request."""
NOT_NEEDED = ("don't need to", "do not need to", "doesn't need to", "no need to", "needn't", "need not")
"""Taken out before a clause is searched for ASKING: who says so asks for nothing by it."""
ASKING_PHRASES = (
    "could you", "can you", "would you", "can we", "could we", "let's", "let us", "nice to have", "it would be",
    "would be better", "would be good", "would be nice", "would be great", "i would", "i'd", "we want", "i want",
    "you want to", "has to", "have to", "had better", "not handled", "doesn't work", "does not work", "don't work",
    "do not work", "not working", "doesn't handle", "does not handle", "not tested", "not needed", "no need for",
    "too long", "too short", "too slow", "too many", "too big", "out of date", "why not", "how about", "what about",
    "s'il te plaît", "s'il vous plaît", "por favor", "per favore", "kannst du", "können wir", "könntest du",
    "wäre besser", "wäre gut", "il faut", "pourrais-tu", "pouvez-vous", "peux-tu", "hay que", "puedes", "podrías",
    "pode", "poderia", "puoi", "potresti", "kun je", "zou je", "お願いします",
)  # fmt: skip
"""The same in several words."""
IMPERATIVES = words(
    """
    accept add adapt adjust align allow apply assert avoid await bind bump call cap catch change check clarify clean close
    comment compare compute convert copy correct cover create cut declare default define delete deprecate describe disable
    do document don't drop dry eliminate enable ensure escape exclude explain export expose extend extract factor filter
    finish fix fold follow format generalise generalize get give group guard handle hide hoist ignore implement import
    improve include increase indent inline insert inject introduce keep leave let limit link list load lock log lower make
    mark match memoize mention merge mirror mock move name never nest normalise normalize note omit only open order
    parametrize parse pass pick pin prefix prevent print protect pull put quote raise read rebase reduce refactor refer
    reject remove rename reorder replace report require reset respect restore restrict return reuse revert reverse rewrite
    round run sanitize save say separate set share shorten show simplify skip sort specify split squash start state stop
    store stick strip substitute support swap switch take tell test throw tidy trim truncate try turn type undo uninstall
    unify unwrap update upgrade use validate verify wait watch widen wrap write benenne entferne ergänze ändere füge
    lösche nutze verwende prüfe schreibe teste verschiebe mach ersetze ajoute ajoutez supprime supprimez renomme renommez
    utilise utilisez changez corrige corrigez remplace remplacez añade agrega elimina quita renombra usa cambia mueve
    reemplaza adicione remova renomeie mude corrija aggiungi rimuovi rinomina correggi sostituisci voeg verwijder hernoem
    gebruik wijzig
    """
)
"""How an order begins."""
LEADING = words(
    """
    now then also and so maybe perhaps just next first second finally otherwise still or to but however only well ok okay
    hm hmm again minor nitpick question optional und dann auch aber et puis mais y pero e mas ma en maar
    """
)
"""Words that an order may begin after."""
HEDGES = words(
    """
    but if would could unless until after once when except though although however yet only almost nearly not no never
    isn't aren't wasn't don't doesn't didn't won't can't cannot without hardly barely why how what where which who whether
    aber wenn falls nicht kein keine nie außer warum wieso wie was mais si ne pas jamais pourquoi comment pero nunca por
    qué cómo mas se não ma non mai perché maar als niet geen waarom но если не нет почему 但 不
    """
)
"""Words after which praise is not what it seems."""
SPOILED = words(
    """
    breaking ignoring deleting wasting ruining dropping losing skipping missing crashes fails leaks breaks slow nobody nothing
    disaster mess nightmare joke chaos
    """
)
"""Words in a short sentence of praise by which it is rather mockery, unless a word of MENDED is in it."""
MENDED = words(
    """
    catching caught finding found spotting noticing fixing fixed adding removing removed cleaning sorting handling handles
    pointing solving solved resolving preventing avoiding avoids prevents catches gone away addressing reporting dead unused old
    """
)
BADLY = words("wrong wrongly incorrectly badly partly partially half")
"""Words after which what is over is not."""
LABELS = words("update edit note fyi ps")
"""What a remark may begin with before a colon without being an order."""
AFFIRMED = words("yes yep yeah yup sure ja oui sí si sim da да 是 はい 네")
"""An answer that begins so asks for work, whatever follows."""
