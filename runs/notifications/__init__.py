"""Texts that runs post on its hosting service: pull request bodies, status comments, and replies."""
