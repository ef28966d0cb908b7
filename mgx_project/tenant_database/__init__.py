"""Django's PostgreSQL backend with the tenant wall: see `base.py`."""
