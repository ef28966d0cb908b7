import json

from savegame.v1 import looks_like_v1, read_v1


class UnsupportedVersion(ValueError):
    """A file of a version that can't be read."""


def load(text: str) -> dict[str, object]:
    """Raises UnsupportedVersion; ValueError for a file that is broken."""
    if looks_like_v1(text):
        return read_v1(text)
    data = json.loads(text)
    if data["version"] != 2:
        raise UnsupportedVersion(f"Save files of version {data['version']} are not known.")
    return {"version": 2, "player": data["player"], "level": data["level"]}


def dump(game: dict[str, object]) -> str:
    return json.dumps(game)
