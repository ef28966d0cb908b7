"""Review of a change in the terminal, by files and hunks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mgx_cli.api import Api
from mgx_cli.errors import UsageError
from mgx_cli.ids import short
from mgx_cli.output import clean, one_line, put, say
from mgx_cli.render import Line
from mgx_cli.run_state import asks_for, is_final, label, state_of
from mgx_cli.wrap import put_line

_STATE = {"accepted": "green", "rejected": "red", "mixed": "yellow", "pending": "yellow"}
_SIGN = {"+": "green", "-": "red"}
_GOES_ON = {
    "deliver": "is delivering the change. Watch it with: mgx attach {}",
    "execute": "continues with your comments. Watch it with: mgx attach {}",
}
"""What the run does next, by the phase that a worker claims it for."""
HELP = """y  accept this hunk
n  reject this hunk; you are asked what to do instead
a  accept this and all undecided hunks in the file, skipped ones too
d  reject this and all undecided hunks in the file, skipped ones too
s  skip this hunk: it stays undecided
q  quit; your decisions are kept"""


def decided_by(shown: Mapping[str, Any], accept: Sequence[str], reject: Sequence[str], comment: str) -> list[dict[str, Any]]:
    """The decisions of one command, in which a hunk that is named counts more than its file. Raises UsageError for a part that
    is named twice with different answers."""
    found: dict[tuple[str, int | None], dict[str, Any]] = {}
    for names, accepted, words in ((accept, True, ""), (reject, False, comment)):
        for name in names:
            part = part_of(name, shown, accepted, words)
            place = (part["path"], part.get("hunk"))
            if found.setdefault(place, part) != part:
                raise UsageError(f"{name} is named with --accept and with --reject.", hint="Name it with one of them.")
    # the server takes them in order, and a later one about the whole file would replace those about its hunks
    return sorted(found.values(), key=lambda part: "hunk" in part)


def part_of(name: str, shown: Mapping[str, Any], accepted: bool, comment: str) -> dict[str, Any]:
    """The decision for ``PATH`` or ``PATH:HUNK``, with hunks counted from 1. Raises UsageError."""
    paths = {file["path"]: file for file in shown["files"]}
    path, colon, number = name.rpartition(":")
    said: dict[str, Any] = {"accepted": accepted, **({"comment": comment} if comment else {})}
    if name in paths:
        return {"path": name, **said}
    if colon and path in paths and number.isdecimal() and 1 <= int(number) <= len(paths[path]["hunks"]):
        return {"path": path, "hunk": int(number) - 1, **said}
    if colon and path in paths:
        raise UsageError(f"{path} has no hunk {number}.", hint="See: mgx changes RUN. Hunks count from 1 in each file.")
    files = ", ".join(list(paths)[:5])
    raise UsageError(
        f"The change has no file {name}.", hint=f"Its files: {files}" + (" and others." if len(paths) > 5 else ".")
    )


def change_lines(shown: Mapping[str, Any], *, hunks: bool = True) -> Iterator[Line]:
    """All files, each with its hunks."""
    for file in shown["files"]:
        yield file_line(file)
        if file.get("comment"):
            yield [("    you said  ", "cyan"), (one_line(file["comment"]), "")]
        if not hunks:
            continue
        if not file["hunks"]:
            yield [("    " + ("binary, " if file["binary"] else "") + "accepted or rejected as a whole", "dim")]
        for hunk in file["hunks"]:
            yield from hunk_lines(hunk)


def file_line(file: Mapping[str, Any]) -> Line:
    state = str(file["state"])
    counts = "" if file["binary"] else f"  +{file['added']} −{file['removed']}"
    return [
        (f"{one_line(file['action']):<9} ", "cyan"),
        (one_line(file["path"]), "bold"),
        (counts, "dim"),
        (f"  {_word(state)}", _STATE.get(state, "")),
        ("  configures how tests are run" if file.get("test_configuration") else "", "yellow"),
    ]


def hunk_lines(hunk: Mapping[str, Any]) -> Iterator[Line]:
    state = str(hunk["state"])
    yield [
        (f"  {hunk['hunk'] + 1:>2}  ", "bold"),
        (one_line(hunk["header"]), "cyan"),
        (f"  {_word(state)}", _STATE.get(state, "")),
    ]
    if hunk.get("comment"):
        yield [("      you said  ", "cyan"), (one_line(hunk["comment"]), "")]
    if hunk["truncated"]:
        yield [("      too long to show here", "dim")]
    for text in hunk["lines"]:
        yield [("      " + clean(text).replace("\t", "    "), _SIGN.get(text[:1], ""))]


def ask_about(api: Api, path: str, shown: dict[str, Any]) -> dict[str, Any]:
    """Asks about each undecided part like git add -p, stores every answer at once, and closes the round at the end."""
    number = shown["round"]
    for file in shown["files"]:
        put_line(file_line(file))
        if _ask_file(api, path, number, file) == "q":
            break
    shown = api.get(path)
    if shown["undecided"] or shown["round"] != number:
        return shown
    rejected = any(file["state"] in ("rejected", "mixed") for file in shown["files"])
    question = (
        "Remove the rejected parts and continue? [y]es / [n]ot yet" if rejected else "Deliver the change? [y]es / [n]ot yet"
    )
    if _ask(question, "yn") == "y":
        shown = api.post(path, {"round": number, "done": True})
    return shown


def _ask_file(api: Api, path: str, number: int, file: Mapping[str, Any]) -> str:
    open_hunks = [hunk for hunk in file["hunks"] if hunk["state"] == "pending"]
    for hunk in open_hunks or ([None] if file["state"] == "pending" else []):
        for line in hunk_lines(hunk) if hunk else ():
            put_line(line)
        answer = _ask(
            "Accept this hunk? [y,n,a,d,s,q,?]" if hunk else "Accept this file? [y,n,s,q,?]", "ynadsq" if hunk else "ynsq"
        )
        if answer == "q":
            return answer
        if answer == "s":
            continue
        comment = _say_why() if answer in "nd" else ""
        left = _undecided(api, path, file["path"], hunk) if hunk and answer in "ad" else [hunk]
        said = {"path": file["path"], "accepted": answer in "ya", "comment": comment}
        decisions = [{**said, **({"hunk": part["hunk"]} if part else {})} for part in left]
        api.post(path, {"round": number, "decisions": decisions})
        if answer in "ad":
            break
    return ""


def _undecided(api: Api, path: str, name: str, this: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """``this`` hunk of the file and all that nobody has decided on until now: skipped ones, and none of another person's."""
    files = [file for file in api.get(path)["files"] if file["path"] == name]
    return [hunk for file in files for hunk in file["hunks"] if hunk["state"] == "pending" or hunk["hunk"] == this["hunk"]]


def _ask(question: str, known: str) -> str:
    while True:
        try:
            answer = input(f"{question} ").strip().lower()[:1]
        except EOFError:
            put()
            return "q" if "q" in known else "n"
        if answer and answer in known:
            return answer
        if "q" in known:
            say(HELP, "dim")


def _say_why() -> str:
    try:
        return input("What should be there instead? (Enter: only remove it) ").strip()
    except EOFError:
        put()
        return ""


def tell_next(run: Mapping[str, Any], shown: Mapping[str, Any]) -> None:
    """Prints what the run does next, on stderr."""
    name, left = short(run["id"]), shown["undecided"]
    if not asks_for(shown, "changes"):
        told = _GOES_ON.get(state_of(shown)["phase"], f"is {label(shown)}.")
        if is_final(shown) and all(file["state"] == "rejected" for file in shown["files"]):
            told = "has ended: you rejected all of its changes."
        say(f"Run #{run.get('run_number')} {told.format(name)}")
    elif left:
        say(f"{left} undecided. Decide with:\n  mgx changes {name} --reject PATH:HUNK -m \"what instead\"\n"
            f"  mgx changes {name} --accept-all")  # fmt: skip
    else:
        say(f"Everything is decided. Let the run continue with: mgx changes {name} --done")


def _word(state: str) -> str:
    return "undecided" if state == "pending" else state
