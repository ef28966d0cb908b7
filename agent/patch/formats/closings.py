"""What an assistant says of its answer and not of the file: closing sentences, and what it did.

Each pattern is of a whole line or paragraph; where it may stand to count is for the caller to know.
"""

from __future__ import annotations

import re

FAREWELL = re.compile(
    r"(?:done|all done|thanks|thank you|cheers|enjoy|finished|fixed|good luck|bye|ok|okay|voil(?:à|a)|"
    r"hope (?:this|that|it) helps?|"
    r"that'?s (?:it|all)|that is (?:it|all)|best(?: regards)?|happy coding|let me know)\b[^=({<\[]{0,60}|"
    r"(?:fix(?:es|ed)?|close[sd]?|resolve[sd]?)[ :]+#\d{1,9}\.?|"
    r"(?:feat|fix|chore|docs|refactor|test|perf|build|ci|style)(?:\([\w ./-]{1,60}\))?!?: [^={]+",
    re.IGNORECASE,
)
"""The last words of an answer, and subjects of commits: in a program never a line of its own."""

OWN_WORK = re.compile(
    r"(?:please )?let me know\b.*|hope (?:this|that|it) helps?\b.*|feel free to (?:ask|reach|let)\b.*|"
    r"(?:would|do) you (?:like|want) me\b.*|(?:all )?done[.!]*|as (?:you )?(?:asked|requested)\b.*|(?:sure|certainly)[,!.].*|"
    r"(?:i|we)(?:'ve| have|'ll| will)? (?:have |also |just |only |then |now )*(?:updated?|changed?|added?|fixed|"
    r"fix|made|make|"
    r"removed?|replaced?|rewrote|rewritten|moved?|renamed?|kept|left|corrected|improved|raised|adjusted|"
    r"implemented|refactored)\b.*|"
    r"here(?:'s| is| are) (?:the |your |an? )?(?:new |full |complete |whole |updated |changed |fixed |corrected |"
    r"final |modified )+.*|"
    r"(?:here(?:'s| is) )?(?:a )?summary of (?:the |my )?changes:?|(?:changes|what) (?:i )?(?:made|changed):?|"
    r"this (?:change|update|edit|patch|fix|version)\b.*",
    re.IGNORECASE,
)
"""What it did and offers, also in text for people at the edges of which it stands."""

ABOUT_WORK = re.compile(
    r"[A-Z][^`]*\b(?:(?:this|the|these|both|all) (?:change|fix|edit|update|patch)(?:e?s)?|"
    r"fix(?:es)? the (?:issue|bug|problem|error)|"
    r"tests? (?:still |now |all )?pass|(?:was|is) (?:all that was )?needed|(?:else|rest) (?:is|stays|remains|was)|"
    r"as it was|keeps? the behaviou?r)\b[^`]*[.!]|(?:Run|Re-?run|Try) (?:the|your|all) tests?\b[^`]*[.!]"
)
"""The last words of an answer about what was done, in the place of a text's last paragraph."""

NO_OTHERS = re.compile(
    r"[(\[*_]{0,3}(?:there (?:is|are|was|were) )?(?:no|none of the|nothing) "
    r"(?:changes? (?:to|in|for) (?:any |the )?other|other|further|additional|else)"
    r"(?: (?:files?|changes?|edits?|modifications?|updates?|is|are|was|were|has|have|had|been|be|to|needs?|needed|required|"
    r"necessary|changed|modified|touched|affected|edited|updated|made|elsewhere|in|for|the|this|project|task|fix)){1,10}"
    r"[^\w\n]{0,6}|"
    r"[(\[*_]{0,3}(?:all )?(?:the )?(?:other|remaining) files (?:(?:are|were|remain|stay|have been|left) ){1,2}"
    r"(?:unchanged|untouched|unmodified|the same|as (?:is|they (?:are|were)))[^\w\n]{0,6}",
    re.IGNORECASE,
)
"""That this is all, also in brackets or in capitals; no program has such a line, be its commands words."""

NOTHING_ELSE = re.compile(
    r"[(\[*_]{0,3}(?:(?:there (?:are|were) )?no (?:other|further|additional) changes?|no (?:other|further|additional) files?)"
    r"(?: (?:were|was|have been|has been) (?:changed|modified|touched|edited|made|affected))?[^\w\n]{0,6}",
    re.IGNORECASE,
)
"""That nothing else was done, which text for people says of itself only where it is a history."""

SIGNS_BEHIND = re.compile(r"[ ]*[\u2190-\u2bff\U0001f000-\U0001faff\ufe0f]+\Z")
"""Pictures at the end of a sentence."""
