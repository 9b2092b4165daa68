"""The stages of the pipeline, in their order. A new stage is one file here and one line in PIPELINE."""

from c2b.pipeline.models import Offer
from c2b.pipeline.stage import Stage
from c2b.pipeline.stages import final_review, launch, machine_review, sample, scheduling, signup
from c2b.pipeline.states import offer_machine

PIPELINE: tuple[Stage, ...] = (
    signup.stage,
    machine_review.stage,
    sample.stage,
    final_review.stage,
    scheduling.stage,
    launch.stage,
)

STAGES = {stage.key: stage for stage in PIPELINE}

Offer.machine = offer_machine(PIPELINE)
