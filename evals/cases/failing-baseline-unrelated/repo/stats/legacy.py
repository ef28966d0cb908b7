from stats.summary import mean


def report(values: list[float]) -> str:
    return f"mean={mean(values):.1f}"
