"""What a benchmark leaves behind: the machine it ran on, JSON, Markdown tables, a section of the README."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import math
import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["describe_machine", "fill_section", "kept_runs", "markdown_table", "seconds_text", "write_json"]

ROOT = Path(__file__).resolve().parents[2]

#: Packages whose versions change what is measured.
PACKAGES = ("numpy", "scipy", "highspy", "constriction", "pyscipopt", "maingopy")


def _processor() -> str:
    """The model of the processor, as the operating system names it."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _git(*arguments: str) -> str | None:
    """Output of a git command in the checkout; None outside one."""
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def describe_machine(command: str) -> dict[str, Any]:
    """Processor, versions, commit, date and load: what a figure depends on besides the code."""
    changes = _git("status", "--porcelain", "--untracked-files=no", "--", "mecbopt")
    return {
        "command": command,
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "commit": _git("rev-parse", "HEAD"),
        "uncommitted_changes_in_package": None if changes is None else bool(changes),
        "cores": os.cpu_count(),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {package: _version(package) for package in PACKAGES},
        "load_average_at_start": list(os.getloadavg()),
    }


def _finite(value: Any) -> Any:
    """Infinity and NaN as strings: strict JSON has no words for them."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    return value


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a result file whole, so that an interrupted run leaves the last complete one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(_finite(content), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    partial.replace(path)


def kept_runs(path: Path | None) -> dict[str, Any] | None:
    """A record that was begun, to be gone on with; None where there is none."""
    if path is None or not path.exists():
        return None
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column to the left, the others to the right."""
    lines = ["| " + " | ".join(header) + " |", "|---" + "|---:" * (len(header) - 1) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def seconds_text(seconds: float) -> str:
    """Two significant digits, in milliseconds below a tenth of a second."""
    if not math.isfinite(seconds):
        return "-"
    if seconds < 0.0995:
        return f"{1000 * seconds:.2g} ms"
    return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"


def fill_section(path: Path, text: str, name: str = "") -> bool:
    """Replace what stands between the markers (of that name); False where the file has no such markers."""
    if not path.exists():
        return False
    opening, closing = (f"<!-- benchmark:{name + ':' if name else ''}{word} -->" for word in ("begin", "end"))
    content = path.read_text(encoding="utf-8")
    before, begin, rest = content.partition(opening)
    _, end, after = rest.partition(closing)
    if not begin or not end:
        return False
    path.write_text(f"{before}{opening}\n{text.strip()}\n{closing}{after}", encoding="utf-8")
    return True
