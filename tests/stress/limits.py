"""Time limits and Ctrl-C are answered within a second, with something valid, up to 1000 x 100 letters.

A busy machine must not be blamed on the package: what counts is more than a second of wall-clock time beyond
the limit or the signal in which the process also used more than a second of a processor, or eight seconds of
wall-clock time whatever it used.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tests.stress.claims import configurations
from tests.stress.findings import Finding
from tests.stress.group import Group, trying

__all__ = ["GROUPS"]

Random = np.random.Generator
_ALLOWED_SECONDS = 1.0
_STARVED_SECONDS = 8.0
_PATIENCE_SECONDS = 20.0
#: How the command line refuses what no exact engine takes.
_TOO_LARGE = "use --method local"
_START_SECONDS = 120.0
_SHAPES = (
    (3, 3), (6, 6), (8, 8), (10, 10), (12, 12), (12, 2), (2, 12), (18, 2), (20, 2), (13, 3), (20, 20), (50,
    20),
    (126, 132), (300, 10), (1000, 100), (100, 1000),
)  # fmt: skip
_LIMITS = (0.001, 0.05, 0.3, 1.0, 2.0)


def _problem(random: Random) -> str:
    """Code for a random problem, short for any size."""
    n, m = _SHAPES[random.integers(len(_SHAPES))]
    seed = int(random.integers(1000))
    share = float(random.choice([0.1, 0.5, 0.9]))
    text = f"r = random({seed}); p_x = r.dirichlet(np.ones({n})); p_y = r.dirichlet(np.ones({m})); "
    text += "h = float(-(p_y * np.log2(p_y)).sum()); "
    kind = random.integers(5)
    rate = "inf" if kind == 0 else f"{share} * h"
    if kind < 3:
        return text + f"problem = mb.Problem(p_x, p_y, {rate})"
    text += f"w = r.dirichlet(np.ones(3), {n}); s = p_x @ w; c = float(-(s * np.log2(s)).sum()); "
    looseness = float(random.choice([0.7, 0.95, 0.999]))
    return text + f"problem = mb.Problem(p_x, p_y, {rate}, w, {looseness} * c)"


def _call(random: Random) -> tuple[str, str, float]:
    """Set-up, call with `{limit}` for its options, and how many limits it may use up one after the other."""
    kind = random.integers(8)
    if kind < 5:
        options = configurations()[random.integers(len(configurations()))]
        words = "".join(f", {name}={value!r}" for name, value in options.items())
        return _problem(random), f"mb.solve(problem{words}{{limit}})", 1.0
    if kind == 5:
        return _problem(random), "mb.rate_curve(problem, [0.1, 0.3, 0.5]{limit})", 3.0
    if kind == 6:
        workers = int(random.integers(1, 3))
        return _problem(random), f"mb.solve_many([problem] * 3, workers={workers}{{limit}})", 3.0
    size, seed = int(random.choice([8, 12, 20, 30, 31])), int(random.integers(1000))
    setup = f"r = random({seed}); p = r.dirichlet(np.ones({size})); q = r.dirichlet(np.ones({size}))"
    return setup, "mb.mec.exact(p, q{limit})", 1.0


def timed(random: Random) -> list[Finding]:
    """A call under a limit, or one without that is interrupted."""
    setup, call, count = _call(random)
    interrupt = bool(random.random() < 0.5)
    seconds = float(random.choice(_LIMITS))
    words = "" if interrupt else f", time_limit={seconds}"
    code = f"{setup}; {call.format(limit=words)}"
    shown = f"{code}  # SIGINT after {seconds} s" if interrupt else code
    trying(shown)
    outcome = _observe(code, seconds if interrupt else None)
    if isinstance(outcome, str):
        return [Finding("a call under limits ends", outcome, shown)]
    if "refused" in outcome:
        return []
    findings = []
    granted = 0.0 if interrupt else seconds * count
    wall, processor = (float(str(outcome[name])) - granted for name in ("wall", "processor"))
    # Each solve of a call answers to a limit of its own.
    if _too_long(wall, processor, _ALLOWED_SECONDS * (1.0 if interrupt else count)):
        name = "Ctrl-C is answered within 1 s" if interrupt else "the time limit holds within 1 s"
        findings.append(Finding(name, f"{wall:.1f} s late ({processor:.1f} s of a processor)", shown))
    if outcome.get("raised"):
        findings.append(Finding("Ctrl-C returns what was found", str(outcome["raised"]), shown))
    if outcome.get("wrong"):
        findings.append(Finding("what comes back is valid", str(outcome["wrong"])[:400], shown))
    return findings


def _too_long(wall: float, processor: float, allowed: float = _ALLOWED_SECONDS) -> bool:
    return wall > allowed and (processor > allowed or wall > _STARVED_SECONDS)


def _observe(code: str, interrupt_after: float | None) -> dict[str, object] | str:
    """Clocks and verdict of the call in a process of its own, or why there are none."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.stress.limits_child", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    try:
        if not select.select([child.stdout], [], [], _START_SECONDS)[0]:
            return "the process did not start"
        ready = child.stdout.readline().split()
        if not ready or ready[0] != "ready":
            return f"the process ended early: {child.communicate()[1][-600:]}"
        sent, used = float(ready[1]), float(ready[2])
        if interrupt_after is not None:
            time.sleep(interrupt_after)
            used = _processor_seconds(child.pid)
            sent = time.monotonic()
            child.send_signal(signal.SIGINT)
        if not select.select([child.stdout], [], [], _PATIENCE_SECONDS)[0]:
            return f"no end {_PATIENCE_SECONDS:g} s after the signal or the start"
        line = child.stdout.readline()
        if not line:
            return f"the process died: {child.communicate()[1][-600:]}"
        report: dict[str, object] = json.loads(line)
        report["wall"] = float(str(report["ended"])) - sent
        report["processor"] = float(str(report["spent"])) - used
        return report
    finally:
        child.kill()
        child.wait()
        # Not to the ends of its streams: workers of a pool that it left behind may hold them open.
        child.stdout.close()
        if child.stderr is not None:
            child.stderr.close()


def _processor_seconds(process: int) -> float:
    """Processor time of a process so far; 0 where it cannot be told."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(float(fields[k]) for k in (11, 12)) / os.sysconf("SC_CLK_TCK")


def commands(random: Random) -> list[Finding]:
    """A command under a limit or Ctrl-C: exit code 0, 1 or 3, in time, with its output file."""
    n, m = _SHAPES[random.integers(len(_SHAPES))]
    law = {
        name: ",".join(str(int(v)) for v in random.integers(1, 99, size))
        for name, size in (("x", n), ("y", m))
    }
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "out")
        pmfs = ["--px", law["x"], "--py", law["y"], "--normalize"]
        kind = random.integers(3)
        if kind < 2:
            method = str(random.choice(["auto", "exact", "local", "greedy"]))
            command = ["solve", *pmfs, "--rate", "0.5", "--method", method, "--json", f"{out}.json"]
        else:
            command = ["curve", *pmfs, "--rates", "0.1:0.7:3", "--csv", f"{out}.csv"]
        interrupt = bool(random.random() < 0.5)
        seconds = float(random.choice([0.05, 0.5, 1.0]))
        if not interrupt:
            command += ["--time-limit", str(seconds)]
        shown = f"mecbopt {' '.join(command)}" + (
            f"  # SIGINT {seconds} s after the start" if interrupt else ""
        )
        trying(shown)
        return _observed_command(command, shown, seconds, interrupt, 3.0 if command[0] == "curve" else 1.0)


def _observed_command(
    command: list[str], shown: str, seconds: float, interrupt: bool, count: float
) -> list[Finding]:
    # An interpreter that imports the package takes up to this long before the command itself begins.
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import mecbopt; mecbopt.solve, mecbopt.rate_curve"], check=True)
    start_seconds = 2 * (time.monotonic() - began) + 0.5
    # No pipes: nobody reads them before the end, and a long report would wait for a reader.
    with tempfile.TemporaryFile("w+") as printed, tempfile.TemporaryFile("w+") as complaints:
        child = subprocess.Popen(
            [sys.executable, "-m", "mecbopt", *command], stdout=printed, stderr=complaints, text=True
        )
        try:
            ended = _await_command(child, start_seconds, seconds, interrupt, count)
        finally:
            child.kill()
            child.wait()
        complaints.seek(0)
        errors = complaints.read()
    if ended is None:
        return [Finding("a command ends", f"not {_PATIENCE_SECONDS:g} s after the signal or limit", shown)]
    if child.returncode == 2 and _TOO_LARGE in errors:
        return []  # no engine proves optima at this size, and the command says what to use instead
    findings = []
    if _too_long(*ended):
        findings.append(
            Finding(
                "a command keeps to its limit", f"{ended[0]:.1f} s late ({ended[1]:.1f} s processor)", shown
            )
        )
    if child.returncode not in (0, 3) or "Traceback" in errors:
        findings.append(
            Finding("a command ends with its exit code", f"{child.returncode}: {errors[-400:]}", shown)
        )
    outputs = [Path(word) for word in command if word.endswith(("out.json", "out.csv"))]
    if not all(path.is_file() and path.stat().st_size for path in outputs):
        findings.append(Finding("a stopped command writes what it found", errors[-300:], shown))
    return findings


def _await_command(
    child: subprocess.Popen[str], start_seconds: float, seconds: float, interrupt: bool, count: float
) -> tuple[float, float] | None:
    """Seconds that a command ends too late, by the clock and of its processor; None where it does not end."""
    if interrupt:
        time.sleep(start_seconds + seconds)
    sent, used = time.monotonic(), _processor_seconds(child.pid) if interrupt else 0.0
    if interrupt:
        if child.poll() is not None:
            return 0.0, 0.0
        child.send_signal(signal.SIGINT)
    granted = 0.0 if interrupt else count * seconds + start_seconds
    deadline, used_now = sent + granted + _PATIENCE_SECONDS, used
    while child.poll() is None and time.monotonic() < deadline:
        used_now = _processor_seconds(child.pid)
        time.sleep(0.02)
    if child.poll() is None:
        return None
    return time.monotonic() - sent - granted, used_now - used - granted


GROUPS = (Group("limits", timed, 400.0), Group("commands", commands, 400.0))
