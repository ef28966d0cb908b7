"""Puts the four roles into one environment, with a context of their own: nothing is shared with another run."""

from __future__ import annotations

from metagpt.config2 import Config
from metagpt.context import Context
from metagpt.utils.cost_manager import CostManager

from agent.team.base import AgentTeam, TeamEnvironment
from agent.team.engineer import Engineer
from agent.team.leader import TeamLeader
from agent.team.llm import PortConfig
from agent.team.phase_context import PhaseContext
from agent.team.reviewer import Reviewer
from agent.team.tester import Tester


def create_team(work: PhaseContext) -> AgentTeam:
    context = Context(config=Config(llm=PortConfig(work=work)), cost_manager=CostManager())
    team = AgentTeam(context=context, env=TeamEnvironment(context=context), work=work)
    team.hire([role(context=context, work=work) for role in (TeamLeader, Engineer, Tester, Reviewer)])
    return team
