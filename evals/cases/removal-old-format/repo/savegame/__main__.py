import argparse
import sys
from pathlib import Path

from savegame.load import dump, load


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="savegame")
    parser.add_argument("file", type=Path)
    parser.add_argument("--convert", action="store_true", help="write it back as version 2")
    options = parser.parse_args(arguments)
    game = load(options.file.read_text())
    if options.convert:
        options.file.write_text(dump(game))
    print(f"{game['player']}, level {game['level']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
