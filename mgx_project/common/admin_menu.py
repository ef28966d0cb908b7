"""Where a page of the admin stands in the menu. Each `ModelAdmin` of ours says so itself, by an attribute ``menu``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class MenuGroup(StrEnum):
    """What operators look for, in the order of the menu."""

    WORK = "Work"
    PEOPLE = "People"
    MODELS_AND_MONEY = "Models and money"
    RECORDS = "Records"
    MACHINERY = "Machinery"


@dataclass(frozen=True)
class MenuEntry:
    """``order`` counts within the group, across applications; with the same one, Django's order holds. ``label`` replaces the
    plural of the model, where that is not what people say.
    """

    group: MenuGroup = MenuGroup.MACHINERY
    order: int = 100
    label: str = ""
