"""Shapes of what goes in and what comes out; no rules here."""
