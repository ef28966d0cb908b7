"""Checks of an answer before anything is written: what breaks them goes back to the model as findings, not to the disk."""

from agent.guardrails.check import check, check_change
from agent.guardrails.result import GuardrailFinding, GuardrailResult

__all__ = ["GuardrailFinding", "GuardrailResult", "check", "check_change"]
