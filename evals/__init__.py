"""Evaluation of the agent: small real repositories, a task for each, and hidden tests that say whether it was solved.

Knows the agent and nothing of the server. ``docs/EVALUATION.md`` says how to use it.
"""
