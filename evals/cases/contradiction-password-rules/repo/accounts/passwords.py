COMMON = frozenset({"password", "12345678", "qwertyuiop"})


def check(password: str) -> list[str]:
    """What is wrong with it, as sentences; an empty list: it is accepted."""
    problems = []
    if len(password) < 8:
        problems.append("It has fewer than 8 characters.")
    if password.lower() in COMMON:
        problems.append("Too many people use it.")
    return problems
