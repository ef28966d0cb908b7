"""Hosting services behind one port, outgoing and inbound.

    provider.py         what a provider is: its addresses, its client, its webhooks
    base.py             outgoing: what a client does for one repository
    webhook_events.py   inbound: what a delivery means, in our own words
    registry.py         the providers; a new one is a package beside `github/` and one line there

The other modules are of use to every provider: reading payloads, requests to checked addresses, limits.
"""
