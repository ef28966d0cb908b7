"""Hosting services behind one port, outgoing and inbound. A link's provider selects the implementation.

    provider.py         the port that a provider implements: its addresses, its client, its webhooks
    base.py             outgoing: what a client does for one repository
    webhook_events.py   inbound: what a delivery means, in our own words
    registry.py         the providers; a new one is a package beside `github/` and one line there

The other modules serve every provider: reading payloads, requests to checked addresses, limits.
"""
