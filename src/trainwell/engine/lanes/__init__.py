"""Lanes: many variants of a training at once, each ending where it would have ended alone."""

from trainwell.engine.lanes.training import LaneOutcome, train_lanes

__all__ = ["LaneOutcome", "train_lanes"]
