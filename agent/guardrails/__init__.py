"""Checks of an answer before anything is written: what breaks them goes back to the model as findings, not to the disk."""

from agent.guardrails.check import check
from agent.guardrails.result import GuardrailFinding, GuardrailResult

__all__ = ["GuardrailFinding", "GuardrailResult", "check"]
