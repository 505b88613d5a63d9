"""A compiled core that can be broken: its sources with wrong expressions, switched on by their numbers."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import NamedTuple

from mecbopt._core import build_native

__all__ = ["WAYS", "build_broken"]


class Way(NamedTuple):
    """A place in a file, with braces where the right expression stands, and the wrong one."""

    file: str
    place: str
    right: str
    wrong: str


WAYS = {
    "a row's multiplier has the wrong sign": Way(
        "tree/relaxation.c",
        "return {} ? y * lp->lower[row] : y * lp->upper[row];",
        "y > 0.0",
        "y < 0.0",
    ),
    "logarithms are off by 1e-6": Way(
        "common/phi.h", "return p > 0.0 ? {} : 0.0;", "-p * log2(p)", "-p * (log2(p) - 1e-6)"
    ),
    "pricing skips mappings": Way(
        "tree/pricing.c",
        "if ({}) least = ",
        "pricing->last[block] < least",
        "block % 3 && pricing->last[block] < least",
    ),
    "a box's tables are stale": Way(
        "tree/tables.c",
        "if (tables->valid && {} && high == ",
        "low == tables->lower[cell]",
        "low >= tables->lower[cell]",
    ),
    "boxes are closed 1e-3 bits too early": Way(
        "tree/search.c", "return {};", "search->best - search->margin", "search->best - search->margin - 1e-3"
    ),
    "bounds are 1e-3 bits too high": Way(
        "tree/relaxation.c", "return total + *least - {};", "BOUND_ROUNDING * (size + fabs(*least))", "-1e-3"
    ),
    "sums of rows and columns cut too much": Way(
        "tree/propagation.c", "most = sum - (low - lower[cell]) + {};", "ROUNDING", "-1e-3"
    ),
    "reduced costs cut too much": Way(
        "tree/search.c", "high = fmin(high, low + {} + SLACK);", "gap / dual", "0.1 * gap / dual"
    ),
    "a split leaves a sliver": Way(
        "tree/search.c", "lower[parent->cell] = {};", "parent->point", "parent->point + 0.01"
    ),
    "secants lie too high": Way(
        "tree/tables.c",
        "tables->intercept[cell] = width > 1e-13 && at_high < at_low ? at_high : {};",
        "at_low",
        "at_low + 0.1 * width",
    ),
    "Jensen rows count sets without the letter": Way(
        "tree/tables.c",
        "row->outside = concave_at(&g, 0.0, 0.0) * {} - of_law;",
        "per_mass",
        "per_mass + 0.02",
    ),
    "the rate is another": Way("tree/tables.c", "instance->rate = {};", "rate", "1.05 * rate"),
    "the incumbent is worth less": Way("tree/local.c", "search->best = {};", "value", "value - 1e-3"),
    "an infeasibility is believed": Way(
        "tree/relaxation.c", "return total + *least > {};", "1e-11 + BOUND_ROUNDING * size", "-0.2"
    ),
}


def build_broken(folder: Path) -> Path:
    """Compile a core with the variable `core_broken`: 0, or from 1 the number of the way it is broken."""
    core = folder / "source" / "mecbopt" / "_core"
    shutil.copytree(
        build_native.FOLDER, core, ignore=shutil.ignore_patterns("*.so", "__pycache__", "_build", "*.pyd")
    )
    for number, way in enumerate(WAYS.values(), start=1):
        either = f"(core_broken == {number} ? ({way.wrong}) : ({way.right}))"
        _replace(core / way.file, way.place.replace("{}", way.right), way.place.replace("{}", either))
    declared = "#include <math.h>\nextern int core_broken;\n"
    for header in ("common/phi.h", "tree/tables.h"):
        _replace(core / header, "#include <math.h>\n", declared)
    asked = "typedef int (*core_question)(void);\n"
    _replace(core / "common" / "common.h", asked, f"{asked}extern int core_broken;\n")
    _replace(core / "common" / "phi.c", "/* The tables", "int core_broken;\n/* The tables")
    # It passes for a build of the sources beside the package.
    digest = "return digest.hexdigest()[:32]"
    _replace(core / "build_native.py", digest, f"return {build_native.source_digest()!r}")
    _replace(
        core / "build_native.py", '"plain": Flavour((*_EXACT, "-O3"))', '"plain": Flavour((*_EXACT, "-O1"))'
    )
    out = folder / "build"
    command = [sys.executable, str(core / "build_native.py"), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    path = out / "mecbopt" / "_core" / f"_native{sysconfig.get_config_var('EXT_SUFFIX')}"
    assert path.exists(), done.stdout + done.stderr
    return path


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name} holds {text.count(old)} times: {old}"
    path.write_text(text.replace(old, new), encoding="utf-8")
