"""Run tests on a build of the compiled core with AddressSanitizer and UndefinedBehaviorSanitizer.

    python -m tests.sanitize [pytest arguments]

Any finding ends the run.  Leaks of the core are looked for by `tests/core/test_allocation.py`, with an
allocator that counts: the leak checker would report what the interpreter itself keeps until it ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.core.builds import CORE_VARIABLE, ROOT, build

#: What drives the core: its own tests and those of the solvers that stand on it.
DEFAULT = ["tests/core", "tests/mec", "tests/engines"]
#: Tests that need another build than the one under test, or measure time that a sanitizer multiplies.
LEFT_OUT = ["tests/core/test_allocation.py", "tests/core/test_native.py"]


def runtime(name: str) -> str:
    """The path of a sanitizer's library, which must be loaded before the interpreter's."""
    compiler = os.environ.get("CC", "gcc")
    found = subprocess.run(
        [compiler, f"-print-file-name={name}"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if not Path(found).is_absolute():
        raise SystemExit(f"{compiler} has no {name}: install its sanitizers, or set CC.")
    return found


def main(arguments: list[str]) -> int:
    """Build, then test in a process of its own."""
    core = build("sanitized", ROOT / "build" / "sanitized")
    environment = {
        **os.environ,
        CORE_VARIABLE: str(core),
        "LD_PRELOAD": f"{runtime('libasan.so')} {runtime('libubsan.so')}",
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1:allocator_may_return_null=1",
        "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
        # numpy's own threads would only slow the run down.
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "pytest", "-x", "-p", "tests.sanitized_core"]
    command += [f"--ignore={path}" for path in LEFT_OUT] + (arguments or DEFAULT)
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
