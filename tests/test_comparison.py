"""The blocks of the page on other packages run where those are installed."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "comparison.md"
#: Title of a section -> its block, and what must be installed for it.
BLOCKS: dict[str, str] = dict(
    re.findall(r"^## (\w+)$.*?^```py\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
)
NEEDED = {"dit": "dit", "POT": "ot", "cvxpy": "cvxpy", "mec": "mec", "CompressAI": "compressai"}


def test_each_package_has_its_block() -> None:
    assert set(BLOCKS) == set(NEEDED)
    for title, block in BLOCKS.items():
        assert re.search(rf"^(import|from) {NEEDED[title]}\b", block, re.MULTILINE)
        compile(block, title, "exec")


@pytest.mark.slow
@pytest.mark.parametrize("title", NEEDED)
def test_the_block_runs(title: str, tmp_path: Path) -> None:
    if importlib.util.find_spec(NEEDED[title]) is None:
        pytest.skip(f"{NEEDED[title]} is not installed")
    done = subprocess.run(
        [sys.executable, "-c", BLOCKS[title]],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"\d\.\d{3}", done.stdout)


@pytest.mark.slow
def test_transport_without_a_rate_is_the_plan_of_least_cost(tmp_path: Path) -> None:
    """The first two figures that the block prints agree, the third is larger."""
    pytest.importorskip("ot")
    done = subprocess.run(
        [sys.executable, "-c", BLOCKS["POT"]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    plan, free, half = map(float, done.stdout.split())
    assert free == pytest.approx(plan, abs=1e-8)
    assert half > plan + 0.1
