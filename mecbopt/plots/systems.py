"""The systems as boxes and arrows: figures 1, 4 and 6 of the paper.

What they draw follows from the definitions (theory, sections 1 and 7); how it is arranged is ours, since the
printed figures did not reach us.
"""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from mecbopt.plots.style import ACCENT, GREY, INK, LINES, new_figure

__all__ = ["system_of_images", "system_with_label", "system_without_label"]

#: Half the height of a box, in units of the axes (inches).
_HALF = 0.27
_PALE = {INK: "#f4f6f8", LINES[0]: "#e3eff6", ACCENT: "#faece8", LINES[2]: "#e4f2ed"}


def system_without_label() -> Figure:
    """X is encoded, T crosses the link at H(T|U) <= R, Y comes out; both ends see U (figure 1)."""
    figure, ax = _canvas(8.0, 2.3)
    _chain(ax, 1.55)
    _seed(ax)
    return figure


def system_with_label() -> Figure:
    """The same with a label S of X that a classifier reads from Y and U (Definition 2, figure 4)."""
    figure, ax = _canvas(10.6, 3.3)
    _chain(ax, 1.55)
    _seed(ax)
    _box(ax, 0.55, 2.75, 0.8, "S", ACCENT)
    _arrow(ax, (0.55, 2.75 - _HALF), (0.55, 1.55 + _HALF), "label of X", style="-", aside=(8, 0))
    _box(ax, 8.95, 1.55, 1.3, "classifier", ACCENT)
    _arrow(ax, (7.95, 1.55), (8.3, 1.55))
    _arrow(ax, (4.9, 0.45), (8.95, 0.45), style="-")
    _arrow(ax, (8.95, 0.45), (8.95, 1.55 - _HALF))
    _arrow(ax, (9.6, 1.55), (10.1, 1.55))
    _note(ax, 10.3, 1.55, "$\\hat S$", ACCENT)
    _note(ax, 8.95, 2.15, "$H(S|Y,U) \\leq C$", ACCENT)
    return figure


def system_of_images() -> Figure:
    """Encoder, dithered quantiser and decoder of the image model, and what each is trained by (figure 6)."""
    figure, ax = _canvas(10.6, 4.0)
    level = 2.3
    places = [
        (0.75, 1.2, "X, degraded", INK),
        (2.45, 1.3, "encoder $f$", LINES[0]),
        (4.75, 2.1, "$Z = \\mathrm{round}(f - U)$", LINES[0]),
        (6.75, 1.0, "$Z + U$", LINES[0]),
        (8.25, 1.2, "decoder", LINES[0]),
        (9.95, 1.0, "Y", INK),
    ]
    for (x, width, text, colour), after in zip(places, [*places[1:], None], strict=True):
        _box(ax, x, level, width, text, colour)
        if after is not None:
            _arrow(ax, (x + width / 2, level), (after[0] - after[1] / 2, level))
    _note(ax, 4.75, level + 0.5, "rate: $-\\log_2 P(Z|U)$", LINES[0])
    _box(ax, 5.85, 0.95, 2.0, "shared dither U", LINES[2])
    _arrow(ax, (5.2, 0.95 + _HALF), (5.2, level - _HALF))
    _arrow(ax, (6.6, 0.95 + _HALF), (6.6, level - _HALF))
    _arrow(ax, (9.95, level + _HALF), (9.95, 3.35), style="-")
    for x, width, text in ((7.05, 1.3, "reconstructor"), (8.55, 1.1, "classifier")):
        _box(ax, x, 3.35, width, text, ACCENT)
    _box(ax, 9.95, 0.95, 1.0, "critic", ACCENT)
    _arrow(ax, (9.95, level - _HALF), (9.95, 0.95 + _HALF))
    _arrow(ax, (9.95, 3.35), (9.1, 3.35))
    # The reconstructor reads Y too: its line passes above the classifier.
    _arrow(ax, (9.95, 3.35), (9.95, 3.83), style="-")
    _arrow(ax, (9.95, 3.83), (7.05, 3.83), style="-")
    _arrow(ax, (7.05, 3.83), (7.05, 3.35 + _HALF))
    _note(ax, 7.05, 2.88, "$-\\log q(X|Y)$", ACCENT)
    _note(ax, 8.55, 2.88, "$-\\log c(S|Y)$", ACCENT)
    _note(ax, 9.95, 0.42, "$W_1(P_Y, p_Y)$", ACCENT)
    _box(ax, 8.25, 0.95, 1.5, "clean images", INK)
    _arrow(ax, (9.0, 0.95), (9.45, 0.95))
    return figure


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Axes without frame whose units are inches."""
    figure = new_figure(width, height)
    figure.set_layout_engine("none")
    ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    ax.set_xlim(0.0, width)
    ax.set_ylim(0.0, height)
    ax.set_axis_off()
    return figure, ax


def _chain(ax: Axes, level: float) -> None:
    """X - encoder - T - decoder - Y."""
    _box(ax, 0.55, level, 0.8, "X", INK)
    _box(ax, 2.35, level, 1.4, "encoder", LINES[0])
    _box(ax, 5.65, level, 1.4, "decoder", LINES[0])
    _box(ax, 7.55, level, 0.8, "Y", INK)
    _arrow(ax, (0.95, level), (1.65, level))
    _arrow(ax, (3.05, level), (4.95, level))
    _arrow(ax, (6.35, level), (7.15, level))
    _note(ax, 4.0, level + 0.2, "T,  $H(T|U) \\leq R$", LINES[0])
    _note(ax, 0.55, level - 0.47, "$X \\sim p_X$", GREY)
    _note(ax, 7.55, level - 0.47, "$Y \\sim p_Y$", GREY)


def _seed(ax: Axes) -> None:
    """The common randomness below both ends."""
    _box(ax, 4.0, 0.45, 1.8, "U, shared seed", LINES[2])
    for start, end in ((3.1, 2.35), (4.9, 5.65)):
        _arrow(ax, (start, 0.45), (end, 0.45), style="-")
        _arrow(ax, (end, 0.45), (end, 1.55 - _HALF))


def _box(ax: Axes, x: float, y: float, width: float, text: str, colour: str) -> None:
    ax.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - _HALF),
            width,
            2 * _HALF,
            boxstyle="round,pad=0,rounding_size=0.06",
            facecolor=_PALE[colour],
            edgecolor=colour,
            linewidth=1.3,
        )
    )
    ax.text(x, y, text, ha="center", va="center", color=INK, fontsize=11)


def _arrow(
    ax: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    text: str = "",
    *,
    style: str = "-|>",
    aside: tuple[float, float] = (0, 0),
) -> None:
    """A straight line or arrow; its text beside the middle."""
    arrow = {"arrowstyle": style, "color": INK, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", end, start, arrowprops=arrow)
    if text:
        middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        ax.annotate(text, middle, aside, textcoords="offset points", va="center", color=GREY, fontsize=10)


def _note(ax: Axes, x: float, y: float, text: str, colour: str) -> None:
    ax.text(x, y, text, ha="center", va="center", color=colour, fontsize=11)
