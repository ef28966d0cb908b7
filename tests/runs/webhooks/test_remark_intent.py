"""Whether a remark asks for work, by rule. What is asked for must not be taken for praise, nor praise for a request."""

from __future__ import annotations

import pytest

from runs.webhooks.remark_intent import Intent, intent_of

from . import remark_texts

PRAISE = """
LGTM, thank you! | Thanks, perfect! | Looks good to me 👍 | Great work | Nice! | 👍 | +1 | :+1: | 100% | Approved. | Ship it!
Danke, sieht gut aus! | Perfekt, vielen Dank! | Merci, parfait ! | ¡Gracias, perfecto! | Obrigado, ficou ótimo! | 谢谢
ありがとうございます！ | Спасибо, отлично! | No changes needed. | No objections from my side. | Love how this handles None.
Good catch on the empty list! | @mgx thanks! | Thanks for adding the test `test_total`. | Looks great, merging.
Test looks good | That's great! | All good now, thanks a lot! | Thanks to everyone 🎉
This is great. Thank you very much! | Well done, thanks for fixing the null handling. | Clean code! | Merge it! | You are right
Looks good, please merge! | Let's ship it | I'd say ship it | Go ahead and merge this | Thanks for fixing the bug
Good catch on the typo | Love the error messages | Update: works great
"""
ASKS = """
Say why. | Name it better. | Please rename this. | Could you add a test? | This crashes on None. | Nit: typo | Add a test.
Thanks, but rename x | Great, now do the same in tax.py | Why not use a set? | Shouldn't this be a set? | Use `sum` here
Nice to have: a test for None | Missing docstring | Bitte umbenennen | Il faut renommer
Thanks for this! Please also handle None.
LGTM except the typo | I'd prefer a set here | The name is misleading. | Nice work. Fix the naming though | Clean this up
Merge the two loops | Correct the total | Fix it | 应该用集合 | Good, test the empty list too | Looks good, however add a test
"""
UNCLEAR = """
Here. | Hm. | Why? | Is this thread safe? | None is ignored. | Interesting | perfect would be a tuple here | Not good
LGTM after the tests pass | This is not perfect | `x` | ??? | Good if it returned 0 | Great? | so the total is 0 then | no
Perfect! Just one thing: the total of an empty list | Nice, but the name…
"""


NO_REQUEST = """
Great, this fixes the crash | Nice error handling! | LGTM, no bugs found | Nothing missing here, thanks | Nothing wrong here
No need to change anything | You don't need to change this | Not needed, thanks | Test coverage is great | Keine Fehler gefunden
Test results look right | Aucune erreur | Handled without errors | I see no mistake | The update is fine
"""
"""Each is praise or unclear, and starts no work."""


CONDITIONS = """
LGTM once the typo is fixed | LGTM after the crash is fixed | Approve when the bug is fixed | Don't do this | Let's not do this
Great as soon as the leak is gone | Happy to approve when that is addressed | Merge once the name is resolved
Please don't do that | I liked the old name more
"""
"""What is wanted is said as what comes before the praise, or by refusing what was done."""
SILENCED = """
Good to merge once tests are done | This is fixed in the wrong place | Skip it when empty | Forget it if None | confirmed bug
My bad example above should be removed | Please don't | When the bug is fixed, ship it | Big step backwards
"""
"""Not praise, and nothing that is taken back."""


MOCKERY = """
Great, another bug | Thanks for nothing | Thank you so much for nothing! | Oh great, it crashes again | Great, just great
Nice job breaking the build | Great work breaking main | Thanks for ignoring my comments | Thanks for breaking this
Love how this crashes | Love the missing tests | I like how nobody tested this | beautiful disaster | Nice try | Perfect /s
Great 🙄 | Thanks 😒 | wow 👎 | Very nice 🤦 | 🙄 | Great :facepalm: | ok... | Looks great, said no one ever | Good grief
Great, what could possibly go wrong | Excellent... not | Danke für nichts | Na toll | super, wieder ein Bug | Merci pour rien
Gracias por nada | Bravo, encore un bug | 太好了，又一个bug | Thanks, I hate it | Impressive how slow this is | What a mess
"""
"""Words of praise that are none."""


CLOSINGS = """
Fine. | Works on my machine | Nice work, thank you | It works on my machine. | Runs fine here | Tests pass on my laptop too
works for me on Linux | Good stuff | Alright | Runs on my Mac | Works locally | Fine by us | Wunderbar, danke | Herzlichen Dank
Tausend Dank | Mit freundlichen Grüßen | Viele Grüße, Anna | Alles bestens | Läuft bei mir | Läuft | In Ordnung | Geht klar
Schönes Wochenende | Mille mercis | Merci à tous | Un grand merci | Cordialement | Ça marche chez moi | Bonne journée
Mil gracias | Muchísimas gracias | Me gusta | Un saludo | Saludos, Ana | Vale | Buen fin de semana | Kind regards, Anna
Cheers, Bob | Have a nice day! | Enjoy your weekend | Great, have a nice weekend
"""
"""Thanks and closings, as in a letter."""
SIGNED_PRAISE = (
    "LGTM\n\nBest regards,\nAnna Weber", "Danke!\nVG Jan", "Merci beaucoup\nBien cordialement,\nJean-Luc Picard",
    "Gracias, todo bien. Un saludo, Ana", "Passt so.\nMfG\nH. Müller",
)  # fmt: skip
SIGNED_REQUESTS = (
    "Please rename it.\n\nViele Grüße\nAnna", "Cheers, Rename it", "Saludos, Renombra la variable", "Regards: use a set",
    "Best regards, Anna. Rename it.", "Cheers\nAdd a test", "lg, Ändere das", "Un saludo, Falta un test", "LG ist falsch",
    "Fine, but rename it", "Nice work, thank you. Please add a test", "Best wishes, This Crashes",
)  # fmt: skip
NOT_FOR_ME = """
Works on my machine, not on CI | Works only on my machine | Works for 3 hours on my machine | Läuft bei mir nicht | Läuft nicht
Ça marche pas | Funciona mal | Runs on my machine for hours | Tests pass on my machine if I disable the cache | Runs twice
Funciona solo en Linux | Have a look at tax.py | Build on Windows too | Run on macOS too | Work on Linux as well
Läuft auf keinem Rechner | Läuft auf einem Rechner
"""


def each(lines: str) -> list[str]:
    return [text.strip() for line in lines.strip().splitlines() for text in line.split("|")]


def test_the_rule() -> None:
    wrong = [
        (text, str(found))
        for texts, wanted in ((PRAISE, Intent.PRAISE), (ASKS, Intent.ASKS), (UNCLEAR, Intent.UNCLEAR))
        for text in each(texts)
        if (found := intent_of(text)) is not wanted
    ]
    assert wrong == []


def test_mockery_is_no_praise() -> None:
    dropped = (Intent.PRAISE, Intent.NOTHING)
    assert [(text, str(intent_of(text))) for text in each(MOCKERY) if intent_of(text) in dropped] == []
    for text in ("Thanks for fixing the breaking change", "Good catch on the missing check", "Great, nothing is missing"):
        assert intent_of(text) is not Intent.ASKS, text


def test_a_defect_that_is_not_there_is_no_request() -> None:
    assert [text for text in each(NO_REQUEST) if intent_of(text) is Intent.ASKS] == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Yes, please!", Intent.ASKS), ("sure, go ahead", Intent.ASKS), ("ja", Intent.ASKS), ("no", Intent.NOTHING),
        ("Never mind, thanks", Intent.NOTHING), ("Nein", Intent.NOTHING), ("Rename it to y", Intent.ASKS),
        ("Well", Intent.PRAISE), ("Hm", Intent.UNCLEAR), ("yes, but only the first", Intent.ASKS),
        ("please leave it as is", Intent.NOTHING), ("exactly as it is", Intent.NOTHING), ("No, please don't", Intent.NOTHING),
        ("no, rename it to y", Intent.ASKS),
    ],
)  # fmt: skip
def test_an_answer_to_our_question(text: str, wanted: Intent) -> None:
    assert intent_of(text, answers=True) is wanted


def test_what_proposes_lines_asks_and_what_says_nothing_does_not() -> None:
    assert intent_of("", suggests=True) is Intent.ASKS
    assert intent_of(" ") is Intent.NOTHING
    assert intent_of("great " * 2_000) is Intent.UNCLEAR, "nobody praises at such length"


@pytest.mark.parametrize(
    ("name", "wanted", "never", "answers", "share"),
    [
        ("REQUESTS", Intent.ASKS, {Intent.PRAISE, Intent.NOTHING}, False, 0.85),
        ("NO_REQUESTS", Intent.PRAISE, {Intent.ASKS}, False, 0.8),
        ("QUESTIONS", Intent.UNCLEAR, {Intent.NOTHING}, False, 0.95),
        ("YES", Intent.ASKS, {Intent.PRAISE, Intent.NOTHING}, True, 0.95),
        ("NO", Intent.NOTHING, {Intent.ASKS}, True, 0.95),
        ("OTHERWISE", Intent.ASKS, {Intent.PRAISE, Intent.NOTHING}, True, 0.9),
        ("NO_ANSWERS", Intent.UNCLEAR, {Intent.NOTHING}, True, 0.9),
    ],
)
def test_texts_in_many_languages(name: str, wanted: Intent, never: set[Intent], answers: bool, share: float) -> None:
    """What is not told is asked about; what is taken for its opposite begins a run that nobody wants, or is lost."""
    texts = [text for text in each(getattr(remark_texts, name)) if text]
    found = {text: intent_of(text, answers=answers) for text in texts}
    assert [text for text, intent in found.items() if intent in never] == []
    assert sum(intent is wanted for intent in found.values()) >= share * len(texts)


def test_the_rule_takes_no_long_time() -> None:
    """Of the longest texts that it reads, made of what its forms begin with: a form that tries again would take minutes."""
    pieces = ("tests ", "leave it as ", "ignore my ", "no more ", "stürzt ", "great a ", "is all ", "a would be ", "不")
    for piece in (*pieces, "Cheers, A ", "runs fine ", "runs here ", "läuft hier "):
        assert intent_of(f"{piece * 4_000}x", answers=True) in Intent


def test_praise_with_a_condition_is_none() -> None:
    assert [(text, str(intent_of(text))) for text in each(CONDITIONS) if intent_of(text) is not Intent.ASKS] == []
    dropped = (Intent.PRAISE, Intent.NOTHING)
    assert [(text, str(intent_of(text))) for text in each(SILENCED) if intent_of(text) in dropped] == []
    for text in ("Don't", "please don't", "Don't do it", "skip it", "Skip it for now", "my bad", "My mistake here", "-1"):
        assert intent_of(text, answers=True) is Intent.NOTHING, text
    assert intent_of("+1", answers=True) is Intent.ASKS
    assert intent_of("Works great after the crash was fixed") is not Intent.ASKS
    for text in ("The bug is fixed, thanks!", "It no longer crashes when the list is empty", "All comments are addressed"):
        assert intent_of(text) is Intent.PRAISE, text


def test_thanks_and_closings_ask_for_nothing() -> None:
    texts = [*each(CLOSINGS), *SIGNED_PRAISE]
    assert [(text, str(intent_of(text))) for text in texts if intent_of(text) is not Intent.PRAISE] == []


def test_a_closing_hides_no_request() -> None:
    assert [(text, str(intent_of(text))) for text in SIGNED_REQUESTS if intent_of(text) is not Intent.ASKS] == []
    dropped = (Intent.PRAISE, Intent.NOTHING)
    assert [(text, str(intent_of(text))) for text in each(NOT_FOR_ME) if intent_of(text) in dropped] == []
