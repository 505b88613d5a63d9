"""The drawings of the systems: every part is named, nothing overlaps, no warning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from mecbopt.plots.style import save
from mecbopt.plots.systems import system_of_images, system_with_label, system_without_label
from tests.plots.test_plots import overprinted, words


@pytest.mark.parametrize(
    ("draw", "parts"),
    [
        (system_without_label, ("encoder", "decoder", "H(T|U)", "shared seed", "p_X", "p_Y")),
        (system_with_label, ("encoder", "decoder", "H(T|U)", "shared seed", "classifier", "H(S|Y,U)", "S")),
        (
            system_of_images,
            ("round(f - U)", "shared dither", "P(Z|U)", "q(X|Y)", "c(S|Y)", "W_1", "critic", "clean images"),
        ),
    ],
)
def test_every_part_is_named_and_legible(
    draw: Callable[[], Figure], parts: tuple[str, ...], tmp_path: Path
) -> None:
    figure = draw()
    text = words(figure).replace("\\mathrm{round}", "round")
    for part in parts:
        assert part in text
    assert overprinted(figure) == []
    save(figure, tmp_path / "system.png")
