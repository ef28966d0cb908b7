"""Which model answers: an endpoint, the offline model, the reference author, or a recording."""

from __future__ import annotations

import os
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from agent.models import ModelSettings, Prices, open_models
from agent.ports import Model
from evals.cases import Case
from evals.recorded import RecordingModel, ReplayModel
from evals.reference import NAME, ReferenceModel


@dataclass(frozen=True)
class Connection:
    """What was chosen on the command line. ``open`` makes the model of one case; whoever opens it closes it."""

    model: str = NAME
    base_url: str = ""
    price_in: Decimal | None = None
    price_out: Decimal | None = None
    replay: Path | None = None
    record: Path | None = None

    @property
    def name(self) -> str:
        return f"{self.model}, replayed" if self.replay else self.model

    def open(self, case: Case) -> Model:
        """Raises ``ModelFailed`` where what the model needs is missing."""
        model: Model
        if self.replay is not None:
            model = ReplayModel(recording(self.replay, case))
        elif self.model == NAME:
            model = ReferenceModel(case)
        else:
            model = open_models(self._settings())
        return RecordingModel(model) if self.record else model

    def _settings(self) -> ModelSettings:
        if self.model == "offline":
            return ModelSettings("offline")
        kind, _, name = self.model.partition("/")
        both = self.price_in is not None and self.price_out is not None
        prices = Prices(self.price_in or Decimal(), self.price_out or Decimal()) if both else None
        if kind == "anthropic":
            url = self.base_url or os.environ.get("ANTHROPIC_BASE_URL", "")
            key = os.environ.get("ANTHROPIC_API_KEY", "")
            return ModelSettings("anthropic", name, api_key=key, base_url=url, prices=prices)
        named = name if kind == "openai" else self.model
        url = self.base_url or os.environ.get("OPENAI_BASE_URL", "")
        key = os.environ.get("OPENAI_API_KEY", "")
        return ModelSettings("openai", named, api_key=key, base_url=url, prices=prices)


def recording(directory: Path, case: Case) -> Path:
    return directory / f"{case.id}.json"
