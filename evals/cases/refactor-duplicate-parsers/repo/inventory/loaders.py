"""Loaders of the inventory's tables."""


class TableError(ValueError):
    """A line that can't be read; the text says which."""


def load_users(text: str) -> list[dict[str, object]]:
    """``name | uid | shell``"""
    found: list[dict[str, object]] = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split("#", 1)[0].strip()
        if not line:
            continue
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != 3:
            raise TableError(f"line {number}: 3 columns expected, {len(parts)} found")
        name, uid, shell = parts
        if not name:
            raise TableError(f"line {number}: name is empty")
        if not uid.isdecimal():
            raise TableError(f"line {number}: {uid!r} is no number")
        found.append({"name": name, "uid": int(uid), "shell": shell or "/bin/sh"})
    return found


def load_groups(text: str) -> list[dict[str, object]]:
    """``name | members``, members separated by commas"""
    found: list[dict[str, object]] = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split("#", 1)[0].strip()
        if not line:
            continue
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != 2:
            raise TableError(f"line {number}: 2 columns expected, {len(parts)} found")
        name, members = parts
        if not name:
            raise TableError(f"line {number}: name is empty")
        found.append({"name": name, "members": [one.strip() for one in members.split(",") if one.strip()]})
    return found


def load_hosts(text: str) -> list[dict[str, object]]:
    """``host | address | rack | note``"""
    found: list[dict[str, object]] = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split("#", 1)[0].strip()
        if not line:
            continue
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != 4:
            raise TableError(f"line {number}: 4 columns expected, {len(parts)} found")
        host, address, rack, note = parts
        if not host:
            raise TableError(f"line {number}: host is empty")
        if not rack.isdecimal():
            raise TableError(f"line {number}: {rack!r} is no number")
        found.append({"host": host.lower(), "address": address, "rack": int(rack), "note": note})
    return found
