"""Other builds of the compiled core, made outside the checkout and loaded in a process of their own."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from mecbopt import _core
from mecbopt._core import build_native

ROOT = Path(__file__).resolve().parents[2]

#: The environment variable that names a build for `tests.sanitized_core`.
CORE_VARIABLE = "MECBOPT_TEST_CORE"


def load(path: str) -> None:
    """Put that build in the place of the core, before anything asks for it."""
    specification = importlib.util.spec_from_file_location("mecbopt._core._native", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    sys.modules["mecbopt._core._native"] = module
    assert _core.library() == (module.ffi, module.lib)


def build(flavour: str, out: Path) -> Path:
    """Compile the core and return the extension's path."""
    builder = build_native.FOLDER / "build_native.py"
    command = [sys.executable, str(builder), "--flavour", flavour, "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    path = out / "mecbopt" / "_core" / f"_native{sysconfig.get_config_var('EXT_SUFFIX')}"
    assert done.returncode == 0, done.stdout + done.stderr
    assert path.exists(), done.stdout + done.stderr
    return path


def run_with(path: Path, code: str, timeout: float = 300) -> str:
    """Run Python code on that build; its output."""
    done = subprocess.run(
        [sys.executable, "-c", f"from tests.core.builds import load; load({str(path)!r})\n{code}"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
