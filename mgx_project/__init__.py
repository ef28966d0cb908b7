"""Configuration only: settings, URLs, ASGI, health and the embedded servers; no domain rules.

`mgx_project/common` is the shared plumbing that all applications use.
"""
