"""Save files of releases 1 to 3."""


def looks_like_v1(text: str) -> bool:
    return text.startswith("version=1")


def read_v1(text: str) -> dict[str, object]:
    pairs = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    return {"version": 2, "player": pairs["player"], "level": int(pairs["level"])}
