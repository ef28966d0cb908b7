"""The position of a page of the admin in the menu, which each `ModelAdmin` of ours declares by an attribute ``menu``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class MenuGroup(StrEnum):
    """Groups by what operators look for, in the order of the menu."""

    WORK = "Work"
    PEOPLE = "People"
    MODELS_AND_MONEY = "Models and money"
    RECORDS = "Records"
    MACHINERY = "Machinery"


@dataclass(frozen=True)
class MenuEntry:
    """``order`` sorts within the group, across applications; entries of the same order stay in Django's order. ``label`` is the
    name in the menu if it differs from the model's plural.
    """

    group: MenuGroup = MenuGroup.MACHINERY
    order: int = 100
    label: str = ""
