"""The first word of a commit's subject: which form of the verb tells "Add", "Added", "Adds" and "Adding" from each other."""

from __future__ import annotations

IMPERATIVE, PAST, THIRD, GERUND = "imperative", "past tense", "third person", "gerund"
EXAMPLES = {IMPERATIVE: "Add", PAST: "Added", THIRD: "Adds", GERUND: "Adding"}

VERBS = frozenset((
    "add", "address", "adjust", "align", "allow", "apply", "avoid", "backport", "bring", "build", "bump", "cache", "call",
    "change", "check", "clarify", "clean", "clear", "convert", "copy", "correct", "create", "decrease", "default",
    "define", "delete", "deprecate", "describe", "detect", "disable", "do", "document", "drop", "enable", "ensure",
    "export", "expose", "extend", "extract", "fail", "fix", "format", "generate", "get", "give", "guard", "handle",
    "harden", "hide", "ignore", "implement", "import", "improve", "include", "increase", "initialize", "inline",
    "introduce", "keep", "let", "limit", "list", "load", "lock", "log", "make", "mark", "merge", "migrate", "move",
    "name", "normalize", "note", "optimize", "pass", "pin", "port", "prefer", "prepare", "prevent", "print", "protect",
    "provide", "prune", "publish", "put", "raise", "read", "reduce", "refactor", "refuse", "register", "reject",
    "release", "remove", "rename", "reorder", "reorganize", "replace", "report", "require", "reset", "resolve", "respect",
    "restore", "restrict", "return", "reuse", "revert", "rewrite", "run", "save", "send", "separate", "set", "show",
    "simplify", "skip", "sort", "specify", "split", "start", "stop", "store", "strip", "support", "switch", "sync",
    "take", "tell", "test", "tidy", "tighten", "track", "treat", "trim", "try", "turn", "unify", "update", "upgrade",
    "use", "validate", "verify", "wait", "warn", "wrap", "write",
))  # fmt: skip
"""Those that most commits begin with."""
_IRREGULAR_PAST = frozenset((
    "brought", "built", "did", "gave", "got", "hid", "kept", "made", "ran", "rebuilt", "rewrote", "sent", "shown",
    "split", "took", "told", "went", "wrote",
))  # fmt: skip
_NOT_PAST = frozenset(("embed", "feed", "need", "seed", "speed"))


def form_of(word: str) -> str:
    """One of the constants above by the word's ending; "" for one that may be a noun."""
    word = word.rstrip(":,.").lower()
    if word in VERBS:
        return IMPERATIVE
    if not word.isalpha() or word in _NOT_PAST:
        return ""
    if word in _IRREGULAR_PAST or word.endswith("ed"):
        return PAST
    if word.endswith("ing"):
        return GERUND
    return THIRD if _stems(word) & VERBS else ""


def _stems(word: str) -> set[str]:
    """What "uses", "fixes" and "tries" are forms of."""
    if not word.endswith("s"):
        return set()
    return {word[:-1], word.removesuffix("es"), f"{word.removesuffix('ies')}y"}
