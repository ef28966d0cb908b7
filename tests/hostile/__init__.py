"""Hostile text takes a time that grows with its length and no faster."""
