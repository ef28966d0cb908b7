def orders(lines: list[str]) -> list[dict[str, str]]:
    return [dict(zip(("id", "total", "channel"), line.split("\t"))) for line in lines]
