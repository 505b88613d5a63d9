"""Pictures of solutions and curves (matplotlib, object-oriented, no window).

`coupling`, `mixture` and `curve` draw into given axes or make a figure; `solution_figure` puts the first two
side by side; `stream_figure` shows what a stream made of them; `save` writes a figure.
"""

from mecbopt.plots.curves import curve
from mecbopt.plots.heatmap import coupling
from mecbopt.plots.mixtures import mixture
from mecbopt.plots.overview import solution_figure
from mecbopt.plots.streams import stream_figure
from mecbopt.plots.style import new_figure, save

__all__ = ["coupling", "curve", "mixture", "new_figure", "save", "solution_figure", "stream_figure"]


def __dir__() -> list[str]:
    """Public names alone, for tab completion."""
    return sorted(__all__)
