"""Real PostgreSQL and Valkey from wheels, and one supervisor that runs the whole server on one machine.

    python -m mgx_project.embedded up|down|status|logs|allow

``services`` starts the two servers (the test session uses it alone), ``supervisor`` adds web and worker and keeps them
running, ``control`` is what a person or the CLI asks of it. Nothing here imports Django: the supervisor starts Django's
processes, it is not one of them.
"""
