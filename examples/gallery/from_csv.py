"""From a CSV file: bin the numbers, keep the cuts as letters.

A continuous column has as many letters as rows. Cut at its quantiles it has six, named by their intervals,
and counts become exact fractions. Here petals of 150 irises: how is their length reported in three equally
frequent grades at .8 bits, so that the species stays recognisable?
"""

import csv
import tempfile
from pathlib import Path

from matplotlib.figure import Figure
from sklearn.datasets import load_iris

import mecbopt as mb

RATE, LIMIT = 0.8, 0.8


def read(path: Path, number: str, label: str) -> tuple[list[float], list[str]]:
    """A column of numbers and one of labels."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [float(row[number]) for row in rows], [row[label] for row in rows]


def problem_of(path: Path) -> mb.Problem:
    """The empirical problem of the file."""
    length, species = read(path, "petal length (cm)", "species")
    return mb.Problem.from_samples(
        length, bins=6, p_y={"short": "1/3", "middle": "1/3", "long": "1/3"}, label=species, rate=RATE
    )


def write_irises(path: Path) -> None:
    """A file as one gets it; any of your own takes its place."""
    irises = load_iris()
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*irises.feature_names, "species"])
        for row, species in zip(irises.data, irises.target_names[irises.target], strict=True):
            writer.writerow([*row, species])


def main() -> Figure:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "irises.csv"
        write_irises(path)
        problem = problem_of(path)
    return mb.plots.solution_figure(mb.solve(problem.replace(max_label_entropy=LIMIT)))


if __name__ == "__main__":
    mb.plots.save(main(), "from_csv.png")
