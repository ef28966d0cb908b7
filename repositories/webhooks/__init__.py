"""Webhook deliveries of hosting services: verified, stored once and acknowledged at once; a worker processes them later."""
