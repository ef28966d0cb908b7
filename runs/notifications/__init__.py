"""Texts that runs post on GitHub: pull request bodies, status comments, and replies."""
