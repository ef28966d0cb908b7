"""A hosting service of the tests' own, and its provider: nothing in it is named, signed or written as GitHub does it.

server.py      the service: projects, proposals, notes, verdicts, jobs and hooks over HTTP
provider.py    the package that a second provider is: this one, `client.py`, `deliveries.py` and `parsing.py`
"""
