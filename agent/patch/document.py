"""An existing text file as lines, each with its own end, so that what an edit doesn't touch comes back byte for byte."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.patch.text import NotText

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_COOKIE = re.compile(rb"^[ \t\f]*#.{0,200}?coding[:=][ \t]*([-\w.]{1,40})")
"""PEP 263."""

_SLOW = frozenset({"punycode", "idna"})
"""Made for names: quadratic in a file's text."""


@dataclass
class Document:
    """``ends[i]`` is what ends ``lines[i]``: ``\\n``, ``\\r\\n``, for old Macintosh files ``\\r``, maybe nothing for the last.

    ``certain`` is False where the encoding is only a way to carry unknown bytes: ASCII may be added, else what it has.
    """

    lines: list[str]
    ends: list[str]
    encoding: str = "utf-8"
    mark: bytes = b""
    certain: bool = True
    _known: frozenset[str] = field(default=frozenset(), repr=False)

    @classmethod
    def read(cls, data: bytes) -> Document:
        """Raises ``NotText``."""
        mark, encoding = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", ""))
        certain, known = True, frozenset[str]()
        body = data[len(mark) :]
        if encoding:
            text = _decoded(body, encoding)
            if text is None:
                raise NotText(f"it is not the {encoding} text that its byte order mark announces")
        else:
            if b"\0" in body:
                raise NotText("it is a binary file")
            encoding, text = "utf-8", _decoded(body, "utf-8")
        if text is None:
            declared = _declared(body)
            text = _decoded(body, declared) if declared else None
            if text is not None:
                encoding = declared
            else:
                encoding, text, certain = "latin-1", body.decode("latin-1"), False
                known = frozenset(char for char in text if ord(char) > 127)
        lines, ends = split(text)
        return cls(lines, ends, encoding, mark, certain, known)

    @property
    def bare(self) -> bool:
        """True when the last line has no end."""
        return bool(self.ends) and not self.ends[-1]

    @property
    def usual_end(self) -> str:
        """The most frequent line end; ``\\n`` for a file that has none."""
        found = Counter(end for end in self.ends if end)
        return found.most_common(1)[0][0] if found else "\n"

    def write(self, lines: Sequence[str], ends: Sequence[str]) -> bytes:
        """The bytes of a file of these lines in this one's encoding. Raises ``NotText`` when it can't hold them."""
        text = "".join(part for pair in zip(lines, ends, strict=True) for part in pair)
        if not self.certain:
            strange = next((char for char in text if ord(char) > 127 and char not in self._known), None)
            if strange is not None:
                raise NotText(f"its encoding is unknown, so {strange!r} can't be added to it")
        try:
            return self.mark + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            raise NotText(f"its encoding, {self.encoding}, has no {text[error.start]!r}") from error


def split(text: str) -> tuple[list[str], list[str]]:
    """Lines and their ends. Only ``\\n`` divides lines (a ``\\r`` before it is of the end), or ``\\r`` where it is alone."""
    if not text:
        return [], []
    if "\n" not in text and "\r" in text:
        parts = text.split("\r")
        ends = ["\r"] * (len(parts) - 1) + [""]
    else:
        parts = text.split("\n")
        ends = ["\n"] * (len(parts) - 1) + [""]
        for at, part in enumerate(parts[:-1]):
            if part.endswith("\r"):
                parts[at], ends[at] = part[:-1], "\r\n"
    if parts[-1] == "":
        parts.pop()
        ends.pop()
    return parts, ends


def _decoded(data: bytes, encoding: str) -> str | None:
    """The text, if it is exactly what these bytes say: encoding it again gives them back."""
    try:
        text = data.decode(encoding)
        return text if text.encode(encoding) == data else None
    except (UnicodeError, LookupError):
        return None


def _declared(data: bytes) -> str:
    for line in data.split(b"\n", 2)[:2]:
        hit = _COOKIE.match(line)
        if hit:
            try:
                name = codecs.lookup(hit[1].decode("ascii")).name
                return "" if name in _SLOW else name
            except LookupError:
                return ""
    return ""
