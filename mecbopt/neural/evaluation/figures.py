"""Figures of the image experiments: accuracy and cross-entropy against the rate, and image grids (Fig. 7).

Every curve comes from evaluation reports; the converse bounds (H(S) - R and Fano) are drawn into the same
axes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt.neural.errors import DatasetError
from mecbopt.neural.evaluation.bounds import accuracy_upper_bound, cross_entropy_lower_bound
from mecbopt.neural.evaluation.report import EvaluationReport

__all__ = ["Grid", "draw_figures"]


@dataclass(frozen=True, eq=False)
class Grid:
    """Image examples: rows of images, each (count, H, W) or (count, H, W, 3) in [0, 1], with their names."""

    rows: tuple[NDArray[np.float64], ...]
    names: tuple[str, ...]


def draw_figures(
    reports: Sequence[EvaluationReport], grid: Grid | None, out: str | Path, name: str
) -> list[Path]:
    """Write `name`_accuracy.png, `name`_cross_entropy.png and, with a grid, `name`_images.png into `out`."""
    if not reports:
        raise DatasetError("there is no evaluation report to draw: run 'mecbopt neural evaluate' first.")
    # Figures of their own, without pyplot: a caller's backend and open figures stay as they are.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetError(f"{folder} cannot be made: {error.strerror}.") from error
    ordered = sorted(reports, key=lambda report: report.coded_rate)
    paths = [folder / f"{name}_accuracy.png", folder / f"{name}_cross_entropy.png"]
    for path, draw in zip(paths, (_accuracy, _cross_entropy), strict=True):
        figure = Figure(figsize=(5.6, 4.0), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        draw(axes, ordered)
        axes.set_xlabel("coded rate, bits an image")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
        figure.savefig(path, dpi=150)
    if grid is not None:
        paths.append(folder / f"{name}_images.png")
        columns = min(len(row) for row in grid.rows)
        figure = Figure(figsize=(0.8 * columns + 1.2, 0.85 * len(grid.rows)), layout="constrained")
        FigureCanvasAgg(figure)
        _fill(figure.subplots(len(grid.rows), columns, squeeze=False), grid, columns)
        figure.savefig(paths[-1], dpi=150)
    return paths


def _rates(reports: Sequence[EvaluationReport]) -> NDArray[np.float64]:
    return np.linspace(0.0, 1.05 * max(report.coded_rate for report in reports), 200)


def _accuracy(axes: Any, reports: Sequence[EvaluationReport]) -> None:
    rates = [report.coded_rate for report in reports]
    first = reports[0]
    classes = int(first.record["dataset"]["classes"])
    axes.errorbar(
        rates, [report.judge_accuracy for report in reports],
        yerr=[report.judge_accuracy_deviation or 0.0 for report in reports], fmt="o-", capsize=2,
        label="judges on Y",
    )  # fmt: skip
    axes.plot(
        rates, [report.loop_accuracy for report in reports], "s--", alpha=0.7, label="classifiers in the loop"
    )
    axes.axhline(
        first.judge_degraded_accuracy, color="grey", ls="-.", lw=1, label="judge trained on degraded X"
    )
    axes.axhline(first.judge_clean_accuracy, color="grey", ls=":", lw=1, label="judge on clean images")
    grid = _rates(reports)
    bound = [accuracy_upper_bound(first.label_entropy, rate, classes) for rate in grid]
    axes.plot(grid, bound, color="black", lw=1, label="Fano's bound")
    axes.set_ylabel("accuracy")
    axes.set_ylim(0.0, 1.02)


def _cross_entropy(axes: Any, reports: Sequence[EvaluationReport]) -> None:
    rates = [report.coded_rate for report in reports]
    first = reports[0]
    axes.errorbar(
        rates, [report.judge_cross_entropy for report in reports],
        yerr=[report.judge_cross_entropy_deviation or 0.0 for report in reports], fmt="o-", capsize=2,
        label="judges on Y",
    )  # fmt: skip
    axes.plot(
        rates,
        [report.loop_cross_entropy for report in reports],
        "s--",
        alpha=0.7,
        label="classifiers in the loop",
    )
    axes.axhline(
        first.judge_degraded_cross_entropy, color="grey", ls="-.", lw=1, label="judge trained on degraded X"
    )
    grid = _rates(reports)
    bound = [cross_entropy_lower_bound(first.label_entropy, rate) for rate in grid]
    axes.plot(grid, bound, color="black", lw=1, label="H(S) - R")
    axes.set_ylabel("cross-entropy, bits")
    axes.set_ylim(bottom=0.0)


def _fill(axes: Any, grid: Grid, columns: int) -> None:
    for row, name, line in zip(grid.rows, grid.names, axes, strict=True):
        for image, cell in zip(row[:columns], line, strict=True):
            cell.imshow(np.clip(image, 0.0, 1.0), cmap="gray", vmin=0.0, vmax=1.0, interpolation="nearest")
            cell.set_xticks([])
            cell.set_yticks([])
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=8)
