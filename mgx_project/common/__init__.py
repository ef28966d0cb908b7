"""Shared infrastructure of all apps. Imports none of them."""
