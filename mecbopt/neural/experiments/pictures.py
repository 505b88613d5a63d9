"""Figures and tables of the experiments from their results alone: nothing is trained, no data set is needed.

Fig. 7 of the paper in its order: accuracy, cross-entropy and images for super-resolution on MNIST (a to c),
the same for denoising on SVHN (d to f); the ablations; and learned couplings of classes beside what
`mecbopt.solve` finds at their marginals and rates.  Images are outputs of models, never of a data set.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt.neural.evaluation.bounds import accuracy_upper_bound, cross_entropy_lower_bound
from mecbopt.units import NATS_PER_BIT

__all__ = ["PREDECESSOR", "ablation_table", "advantage", "advantage_table", "draw_all", "draw_couplings",
           "results_table"]  # fmt: skip

Results = Mapping[str, Mapping[str, Any]]

#: The predecessor's best runs (Nguyen et al., rate- and classification-constrained optimal transport, result
#: files of its repository, last row of each run): rate -> (accuracy, cross-entropy in nats), by the
#: classifier of its own loop.
PREDECESSOR: dict[str, dict[int, tuple[float, float]]] = {
    "mnist": {
        4: (0.876, 0.443), 8: (0.916, 0.308), 12: (0.923, 0.265), 16: (0.929, 0.249), 20: (0.931, 0.233),
        24: (0.931, 0.234), 28: (0.929, 0.233), 32: (0.932, 0.226),
    },
    "svhn": {
        4: (0.197, 2.210), 8: (0.294, 1.933), 12: (0.546, 1.298), 16: (0.636, 1.070), 20: (0.729, 0.851),
        24: (0.742, 0.818), 28: (0.749, 0.814), 32: (0.772, 0.742),
    },
}  # fmt: skip
_COLOURS = ("#1f4e79", "#c55a11", "#7f7f7f", "#548235")
_COLUMNS = 12


def _series(results: Results, prefix: str) -> dict[float, list[Mapping[str, Any]]]:
    """Evaluations by target rate, over seeds, of the runs `prefix`_rR_sS (or `prefix`_rR)."""
    found: dict[float, list[Mapping[str, Any]]] = {}
    for name, entry in results.items():
        start, _, rest = name.rpartition("_r")
        if start == prefix and "evaluation" in entry:
            found.setdefault(float(rest.split("_")[0]), []).append(entry["evaluation"])
    return dict(sorted(found.items()))


def _figure(width: float, height: float) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def draw_all(results: Results, examples: Mapping[str, NDArray[np.uint8]], out: Path) -> list[Path]:
    """Write the figures for which there are results; returns their paths."""
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for dataset in ("mnist", "svhn"):
        series = _series(results, dataset)
        if not series:
            continue
        baseline = _series(results, f"baseline_{dataset}")
        for quantity in ("accuracy", "cross_entropy"):
            figure = _figure(5.8, 4.2)
            _curve(figure.subplots(), dataset, series, baseline, quantity)
            paths.append(out / f"fig7_{dataset}_{quantity}.png")
            figure.savefig(paths[-1], dpi=150)
        rows = [(rate, examples.get(f"{dataset}_r{rate:g}_s0")) for rate in series]
        paths += _grid([(f"{rate:g} bits", row) for rate, row in rows if row is not None],
                       out / f"fig7_{dataset}_images.png")  # fmt: skip
    names = [name for name in results if name.startswith("ablation_") and "evaluation" in results[name]]
    paths += _grid([(name.removeprefix("ablation_").replace("_", " "), examples[name]) for name in names
                    if name in examples and "svhn" not in name], out / "ablations_mnist.png")  # fmt: skip
    paths += _grid([(name.removeprefix("ablation_svhn_").replace("_", " "), examples[name]) for name in names
                    if name in examples and "svhn" in name], out / "ablations_svhn.png")  # fmt: skip
    return paths


def _curve(
    axes: Any,
    dataset: str,
    series: Mapping[float, Sequence[Mapping[str, Any]]],
    baseline: Mapping[float, Sequence[Mapping[str, Any]]],
    quantity: str,
) -> None:
    """Judge against coded rate with the range over seeds, loop, baseline, predecessor, ceilings, converse."""
    first = next(iter(series.values()))[0]
    for runs, label, colour, marker in (
        (series, "here", _COLOURS[0], "o"),
        (baseline, "baseline", _COLOURS[1], "s"),
    ):
        if not runs:
            continue
        rates = [fmean(item["coded_rate"] for item in items) for items in runs.values()]
        judged = [[item[f"judge_{quantity}"] for item in items] for items in runs.values()]
        axes.plot(
            rates, [fmean(items) for items in judged], f"{marker}-", color=colour, label=f"{label}, judges"
        )
        axes.vlines(rates, [min(items) for items in judged], [max(items) for items in judged], color=colour)
        loop = [fmean(item[f"loop_{quantity}"] for item in items) for items in runs.values()]
        axes.plot(rates, loop, f"{marker}:", color=colour, alpha=0.5, ms=4, label=f"{label}, in the loop")
    points = PREDECESSOR[dataset]
    values = [pair[0] if quantity == "accuracy" else pair[1] / NATS_PER_BIT for pair in points.values()]
    axes.plot(list(points), values, "^", color=_COLOURS[2], label="predecessor, in its loop")
    grid = np.linspace(0.0, 1.05 * max(*series, *points), 300)
    entropy, classes = first["label_entropy"], int(first["record"]["dataset"]["classes"])
    axes.axhline(
        first[f"judge_degraded_{quantity}"], color=_COLOURS[3], ls="-.", lw=1, label="judge trained on X"
    )
    if quantity == "accuracy":
        axes.axhline(
            first["judge_clean_accuracy"], color=_COLOURS[3], ls=":", lw=1, label="judges on clean images"
        )
        bound = [accuracy_upper_bound(entropy, rate, classes) for rate in grid]
        axes.set_ylim(0.0, 1.02)
        axes.set_ylabel("accuracy")
    else:
        bound = [cross_entropy_lower_bound(entropy, rate) for rate in grid]
        axes.set_ylim(bottom=0.0)
        axes.set_ylabel("cross-entropy, bits")
    axes.plot(grid, bound, color="black", lw=1, label="converse")
    axes.set_xlabel("coded rate, bits an image")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7)


def _grid(rows: Sequence[tuple[str, NDArray[np.uint8]]], path: Path) -> list[Path]:
    """Outputs for the same test images, a row a run; nothing without rows."""
    if not rows:
        return []
    columns = min(_COLUMNS, *(len(row) for _, row in rows))
    figure = _figure(0.8 * columns + 1.6, 0.85 * len(rows))
    for (name, images), line in zip(rows, figure.subplots(len(rows), columns, squeeze=False), strict=True):
        for image, cell in zip(images, line, strict=False):
            cell.imshow(image.squeeze(-1) if image.shape[-1] == 1 else image, cmap="gray", vmin=0, vmax=255,
                        interpolation="nearest")  # fmt: skip
            cell.set_xticks([])
            cell.set_yticks([])
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=8)
    figure.savefig(path, dpi=150)
    return [path]


def draw_couplings(couplings: Mapping[str, Mapping[str, Any]], out: Path) -> list[Path]:
    """The learned couplings, class cell of X against class read off Y, and their information beside solvers'.

    Parameters
    ----------
    couplings : mapping
        By run: "counts" (n x n), "coded_rate" and "mutual_information" of the learned code; "solved" and
        "upper_bound", the information of a feasible coupling of the same marginals at that rate and the
        proven bound.  Bits.

    Returns
    -------
    list of Path
        OUT/class_couplings.png; nothing without couplings.
    """
    if not couplings:
        return []
    out.mkdir(parents=True, exist_ok=True)
    items = sorted(couplings.items(), key=lambda pair: float(pair[1]["coded_rate"]))
    figure = _figure(2.9 * (len(items) + 1) + 0.6, 3.1)
    panels = figure.subplots(1, len(items) + 1, squeeze=False)[0]
    for (_, item), axes in zip(items, panels, strict=False):
        counts = np.asarray(item["counts"], dtype=float)
        # By row: what becomes of a cell.  A cell without images stays white.
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
        axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
        axes.set_title(f"{item['coded_rate']:.2f} bits", fontsize=9)
        axes.set_xlabel("class read off Y")
        axes.set_ylabel("class cell of X")
        axes.set_xticks(range(len(counts)))
        axes.set_yticks(range(len(counts)))
        axes.tick_params(labelsize=7)
    axes = panels[-1]
    rates = [float(item["coded_rate"]) for _, item in items]
    edge = 1.1 * max(rates)
    axes.plot([0.0, edge], [0.0, edge], color="black", lw=1, label="I = R")
    for key, label, style, colour, size in (
        ("upper_bound", "upper bound", "_", "black", 15),
        ("solved", "feasible coupling", "s", _COLOURS[1], 8),
        ("mutual_information", "learned", "o", _COLOURS[0], 5),
    ):
        values = [float(item[key]) for _, item in items]
        # The first two nearly coincide: a hollow square on a wide dash shows both.
        axes.plot(
            rates, values, style, color=colour, ms=size, mfc="none" if size == 8 else colour, label=label
        )
    axes.set_xlim(0.0, edge)
    axes.set_ylim(bottom=0.0)
    axes.set_xlabel("coded rate, bits an image")
    axes.set_ylabel("I(cell; class read), bits")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7)
    path = out / "class_couplings.png"
    figure.savefig(path, dpi=150)
    return [path]


def results_table(results: Results, prefix: str) -> str:
    """A Markdown table of the runs of one data set: means over seeds."""
    head = (
        "target",
        "seeds",
        "coded",
        "judge",
        "loop",
        "CE, bits",
        "InfoNCE",
        "InfoNCE/R",
        "FD",
        "W1",
        "MSE to X",
        "over the code's",
    )
    lines = ["| " + " | ".join(head) + " |", "|" + "---:|" * len(head)]
    for rate, items in _series(results, prefix).items():

        def mean(key: str, items: Sequence[Mapping[str, Any]] = items) -> float:
            values = [item[key] for item in items if item[key] is not None]
            return fmean(values) if values else float("nan")

        ratios = [
            item["mse_source"] / item["record"]["training"]["reached"]["code_source_mse"]
            for item in items
            if "code_source_mse" in item["record"]["training"].get("reached", {})
        ]
        cells = [
            f"{rate:g}", f"{len(items)}", f"{mean('coded_rate'):.3f}", f"{mean('judge_accuracy'):.4f}",
            f"{mean('loop_accuracy'):.4f}", f"{mean('judge_cross_entropy'):.3f}", f"{mean('infonce'):.2f}",
            f"{mean('infonce') / mean('coded_rate'):.2f}",
            f"{mean('frechet'):.2f}", f"{mean('wasserstein'):.2f}", f"{mean('mse_source'):.4f}",
            f"{fmean(ratios):.2f}" if ratios else "",
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def advantage(
    here: Sequence[Mapping[str, Any]], baseline: Sequence[Mapping[str, Any]]
) -> tuple[float, float]:
    """(difference of the judges' mean accuracies, half width of its interval of 95%).

    The variances are those of two samples of test images, and of the mean over seeds where there are several.
    Both sides read the same images, so the true variance is below the sum where they fail on the same ones.
    """
    means, variance = [], 0.0
    for items in (here, baseline):
        accuracies = [float(item["judge_accuracy"]) for item in items]
        means.append(fmean(accuracies))
        variance += means[-1] * (1.0 - means[-1]) / min(int(item["images"]) for item in items)
        variance += stdev(accuracies) ** 2 / len(accuracies) if len(accuracies) > 1 else 0.0
    return means[0] - means[1], 1.96 * math.sqrt(variance)


def advantage_table(results: Results) -> str:
    """A Markdown table of the recipe's accuracy against the baseline's, at every rate that both have."""
    lines = ["| data | target | here | baseline | difference |", "|---|---:|---:|---:|---:|"]
    for dataset in ("mnist", "svhn"):
        own, baseline = _series(results, dataset), _series(results, f"baseline_{dataset}")
        for rate in [rate for rate in own if rate in baseline]:
            difference, half = advantage(own[rate], baseline[rate])
            means = [fmean(item["judge_accuracy"] for item in side[rate]) for side in (own, baseline)]
            lines.append(
                f"| {dataset.upper()} | {rate:g} | {means[0]:.4f} | {means[1]:.4f} "
                f"| {difference:.3f} +- {half:.3f} |"
            )
    return "\n".join(lines)


def ablation_table(results: Results) -> str:
    """A Markdown table of the ablations."""
    lines = ["| change | coded | judge | loop | FD | W1 | MSE to X |", "|---|---:|---:|---:|---:|---:|---:|"]
    for name, entry in results.items():
        if name.startswith("ablation_") and "evaluation" in entry:
            item = entry["evaluation"]
            lines.append(
                f"| {name.removeprefix('ablation_').replace('_', ' ')} | {item['coded_rate']:.3f} "
                f"| {item['judge_accuracy']:.4f} | {item['loop_accuracy']:.4f} | {item['frechet']:.2f} "
                f"| {item['wasserstein']:.2f} | {item['mse_source']:.4f} |"
            )
    return "\n".join(lines)
