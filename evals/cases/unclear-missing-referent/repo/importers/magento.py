def orders(lines: list[str]) -> list[dict[str, str]]:
    return [dict(zip(("id", "total"), line.split(","))) for line in lines]
