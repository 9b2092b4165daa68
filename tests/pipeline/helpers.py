"""Another pipeline for one test."""

from collections.abc import Iterable

import pytest

from c2b.pipeline import stages
from c2b.pipeline.models import Offer
from c2b.pipeline.stage import Stage
from c2b.pipeline.states import offer_machine


def use_pipeline(monkeypatch: pytest.MonkeyPatch, new: Iterable[Stage]) -> None:
    """Let offers go through these stages until the test is over."""
    pipeline = tuple(new)
    monkeypatch.setattr(stages, "PIPELINE", pipeline)
    monkeypatch.setattr(stages, "STAGES", {stage.key: stage for stage in pipeline})
    monkeypatch.setattr(Offer, "machine", offer_machine(pipeline))


use_pipeline.signup = stages.PIPELINE[:1]
use_pipeline.people = stages.PIPELINE[3:]
