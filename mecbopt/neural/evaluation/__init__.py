"""Evaluation of a frozen model: coded rate, independent judge, information bounds, distances, ceilings."""

from mecbopt.neural.evaluation.report import EvaluationReport, evaluate

__all__ = ["EvaluationReport", "evaluate"]
