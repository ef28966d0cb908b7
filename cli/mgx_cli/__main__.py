"""``python -m mgx_cli`` is ``mgx``."""

from mgx_cli.start import run

if __name__ == "__main__":
    run()
