"""One look for every picture: colours that the colour-blind can tell apart, quiet axes, no global state.

Figures are built with matplotlib's object-oriented interface on the Agg canvas: no window, no pyplot, and
the caller's own settings stay as they are.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure

from mecbopt.problem.whole_files import written_whole

__all__ = [
    "ACCENT",
    "GREY",
    "INK",
    "LINES",
    "PROBABILITY",
    "axes_for",
    "fitted",
    "letter_colours",
    "letters",
    "new_figure",
    "quiet",
    "save",
    "shortened",
    "side_width",
    "svg_text",
    "text_colour",
    "tick_names",
    "upright_height",
]

INK = "#22303c"
GREY = "#8a97a3"
ACCENT = "#c8553d"
#: Line colours, after Okabe and Ito's palette, darkened where it is pale on white.
LINES = ("#0b6fa4", "#d1671b", "#16876b", "#b0528d", "#a98600", "#4b4f9e", "#7a4a2b")
#: Tile colours for letters of Y: light enough for dark text.
_TILES = ("#9cc9e3", "#f6c38f", "#a5d8b9", "#e5b3cf", "#f2e39a", "#c3bfe6", "#d7bba8", "#b9c7cf")
#: White to deep blue; the lightness falls evenly, so that the eye reads the amount.
PROBABILITY = LinearSegmentedColormap.from_list(
    "probability", ["#ffffff", "#d6e8f4", "#93c3e0", "#3f8fc0", "#0b5a8c", "#083354"]
)
#: Points of the text in a picture.
_TEXT_SIZE = 9.5
#: Points below which nobody reads a printed page.
_SMALLEST_TEXT = 5.0
#: Characters of a name that stands upright.
_LONGEST_NAME = 20


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, sizes in inches, that belongs to no window."""
    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def axes_for(ax: Axes | None, width: float, height: float) -> Axes:
    """The caller's axes, or fresh ones on a figure of their own."""
    return new_figure(width, height).add_subplot() if ax is None else ax


def quiet(ax: Axes, *, grid: bool = False) -> None:
    """Keep the two axes that carry numbers, in ink; drop the frame."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(GREY)
    ax.tick_params(colors=INK, labelsize=_TEXT_SIZE - 1, length=3)
    ax.xaxis.label.set_color(INK)
    ax.yaxis.label.set_color(INK)
    if grid:
        ax.grid(color="#e6eaee", linewidth=0.8)
        ax.set_axisbelow(True)


def letters(given: Sequence[Any] | None, size: int) -> list[str]:
    """Names of the letters: the problem's own, or their positions."""
    return [str(position) for position in range(size)] if given is None else [str(letter) for letter in given]


def fitted(names: Sequence[str], room: float) -> tuple[list[str], float]:
    """Names that fit side by side, and the size of their letters, in points.

    Long names are written smaller, down to what is just readable; what is longer still is shortened.

    Parameters
    ----------
    names : sequence of str
    room : float
        Width of one name, inches.
    """
    shortened_names = shortened(names, int(room / _character(_SMALLEST_TEXT)))
    longest = max(map(len, shortened_names), default=1)
    size = min(9.0, 9.0 * room / (max(longest, 1) * _character(9.0)))
    return shortened_names, max(_SMALLEST_TEXT, size)


def tick_names(names: Sequence[str], room: float) -> tuple[list[str], int]:
    """Names of ticks of 9 points and their rotation: upright where one does not fit its `room` (inches)."""
    longest = max(map(len, names), default=0)
    if longest * _character(9.0) <= room:
        return list(names), 0
    return shortened(names, _LONGEST_NAME), 90


def upright_height(names: Sequence[str], room: float) -> float:
    """Inches that `tick_names` need where they stand upright; 0 where they do not."""
    chosen, rotation = tick_names(names, room)
    return max(map(len, chosen), default=0) * _character(9.0) if rotation else 0.0


def side_width(names: Sequence[str]) -> float:
    """Inches that names beside an axis need beyond the few characters that every figure has room for."""
    return max(0, max(map(len, shortened(names)), default=0) - 4) * _character(9.0)


def shortened(names: Sequence[str], length: int = 24) -> list[str]:
    """Names of at most `length` characters, the last of which says that something is missing."""
    length = max(length, 2)
    return [name if len(name) <= length else f"{name[: length - 1]}\u2026" for name in names]


def _character(size: float) -> float:
    """Width of a character of a text of `size` points, inches, on average (digits and small letters)."""
    return 0.6 * size / 72.0


def letter_colours(size: int) -> list[Any]:
    """A tile colour for each of `size` letters."""
    if size <= len(_TILES):
        return list(_TILES[:size])
    scale = colormaps["viridis"]
    return [scale(0.15 + 0.8 * position / (size - 1)) for position in range(size)]


def text_colour(background: Any) -> str:
    """Dark or white text, whichever has more contrast (Web Content Accessibility Guidelines 2.2)."""
    behind = _luminance(background)
    dark, white = (behind + 0.05) / (_luminance(INK) + 0.05), 1.05 / (behind + 0.05)
    return INK if dark >= white else "white"


def _luminance(colour: Any) -> float:
    """Relative luminance of a colour, 0 to 1."""
    channels = [
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in to_rgb(colour)
    ]
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]


def save(drawing: Figure | Axes, path: str | Path) -> None:
    """Write a picture, given by its figure or by axes of it.

    The suffix decides the format, and no creation date makes equal runs differ.  The file appears whole or
    not at all: an interruption while it is drawn leaves what was there.
    """
    figure = drawing if isinstance(drawing, Figure) else _figure_of(drawing)
    path = Path(path)
    metadata = {".png": {"Software": None}, ".pdf": {"CreationDate": None}, ".svg": {"Date": None}}
    picture = io.BytesIO()
    suffix = path.suffix.lower()
    figure.savefig(picture, dpi=160, format=suffix.lstrip(".") or "png", metadata=metadata.get(suffix))
    with written_whole(path) as file:
        file.write(picture.getvalue())


def svg_text(drawing: Figure | Axes) -> str:
    """A picture as the text of an SVG file, the same for the same drawing; its texts are outlines."""
    figure = drawing if isinstance(drawing, Figure) else _figure_of(drawing)
    picture = io.StringIO()
    # Names inside the file are drawn by chance unless they are salted.
    with rc_context({"svg.hashsalt": "mecbopt", "svg.fonttype": "path"}):
        figure.savefig(picture, format="svg", metadata={"Date": None})
    return picture.getvalue()


def _figure_of(ax: Axes) -> Figure:
    """The figure that axes belong to, through any figures in between."""
    parent = ax.get_figure()
    while parent is not None and not isinstance(parent, Figure):
        parent = parent.figure
    if parent is None:
        raise ValueError("the axes belong to no figure: give axes that were not removed")
    return parent
