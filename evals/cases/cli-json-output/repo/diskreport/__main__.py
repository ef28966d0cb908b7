import argparse
import sys
from pathlib import Path

from diskreport.scan import largest


def human(size: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="diskreport")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--top", type=int, default=10)
    options = parser.parse_args(arguments)
    if not options.directory.is_dir():
        print(f"{options.directory} is no directory.", file=sys.stderr)
        return 2
    print(f"Largest files below {options.directory}")
    for path, size in largest(options.directory, options.top):
        print(f"{human(size):>10}  {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
