"""Cuts what a mail program quotes below an answer. People answer notifications by mail, and the quoted part, which other people
wrote, is often not marked as a quotation."""

from __future__ import annotations

import re

_DIVIDER = re.compile(
    r"^\s{0,3}-{2,}[ ]{0,3}(Original Message|Forwarded message|Urspr.ngliche Nachricht|Weitergeleitete Nachricht|"
    r"Message d.origine|Mensaje original|Messaggio originale|Mensagem original|Oorspronkelijk bericht)[ ]{0,3}-{2,}\s{0,9}$",
    re.I,
)
_WROTE = re.compile(
    r"^\s{0,3}(On|Am|Le|El|Il|Em|Op)\b.{1,300}\b(wrote|schrieb|a .crit|escribi.|ha scritto|escreveu|schreef)\b"
    r".{0,200}:\s{0,9}$",
    re.I,
)
_HEADER = re.compile(r"^\s{0,3}\**(From|Von|De|Da|Van)\s?:\**\s.{1,300}@.{1,300}$", re.I)
_NAME_HEADER = re.compile(r"^\s{0,3}\**(From|Von|De|Da|Van)\s?:\**\s.{1,300}$", re.I)
_SECOND_HEADER = re.compile(
    r"^\s{0,3}\**(Sent|Date|To|Gesendet|Datum|An|Envoy.|Inviato|Enviado|Para|Verzonden|Aan"
    r"|Cc|Subject|Betreff|Objet|Asunto|Oggetto|Assunto|Onderwerp)\s?:\**\s",
    re.I,
)


def without_quoted_mail(text: str) -> str:
    """``text`` up to the header that a mail program writes above the mail that it quotes.

    Where the quotation below such a header is marked with `>`, the markup says where it ends, and only the header is emptied:
    the answer may stand below the quotation.
    """
    lines = text.split("\n")
    for at, line in enumerate(lines):
        if _DIVIDER.match(line) or _is_header(line, lines[at + 1 : at + 4]):
            return "\n".join(lines[:at])
        # a long header is wrapped
        for end, header in ((at + 1, line), (at + 2, " ".join(lines[at : at + 2]))):
            if _WROTE.match(header):
                below = next((other for other in lines[end:] if other.strip()), ">")
                if not below.lstrip().startswith(">"):
                    return "\n".join(lines[:at])
                lines[at:end] = [""] * (end - at)
                break
    return "\n".join(lines)


def _is_header(line: str, below: list[str]) -> bool:
    """Of an address, with another header near; of a name alone, which may be a sentence, with two of them."""
    others = [_SECOND_HEADER.match(other) is not None for other in below]
    if _HEADER.match(line) is not None:
        return any(others[:2])
    return _NAME_HEADER.match(line) is not None and sum(others) >= 2
