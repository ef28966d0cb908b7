"""Project configuration: settings, URLs, ASGI, health and the embedded servers; no domain rules.

`common` is the infrastructure that all apps share.
"""
