#!/usr/bin/env python
"""Django's command line for this checkout."""

import gc
import os
import sys
from pathlib import Path

if __name__ == "__main__":
    # Of what is imported nothing is garbage, and looking for it takes a sixth of the time until a command begins (and of
    # `migrate`, where each step makes all models again).
    gc.set_threshold(50_000, 20, 100)
    # The tree is the server: its own `tasks` and `runs` come before anything installed under those names.
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mgx_project.settings")
    if sys.argv[1:2] == ["work"] and not {"-h", "--help"} & set(sys.argv):
        from mgx_project.common import watcher

        watcher.watch()  # goes on here in a process that is watched, before Django is imported
    if sys.argv[1:2] == ["runserver"]:  # a web process, as `python -m mgx_project.serve` is
        from mgx_project import env
        from mgx_project.common.private_files import close_data_directory

        close_data_directory(env.DATA_DIR)
    if sys.argv[1:2] in (["migrate"], ["backup"], ["restore"]):  # they set up their session, which a pooler would share
        from mgx_project import env

        env.DATABASE_URL = env.DATABASE_DIRECT_URL or env.DATABASE_URL
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
