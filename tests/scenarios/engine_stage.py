"""The stage of the scenarios; it ships with Accord (accord.testing.stage)."""

from accord.testing.stage import QUOTE, Stage, stage

__all__ = ["QUOTE", "Stage", "stage"]
