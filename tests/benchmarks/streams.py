"""Streams of symbols: length against the laws, speed on one core, and memory from 1e5 to 1e8 symbols.

Run from the project root: python -m tests.benchmarks.streams [--largest 8] [--json FILE].
Symbols: default_rng(0) in blocks of a million, law p_X of the problem.  Speed is in processor time, library
alone; memory is the largest resident set of `mecbopt encode` and `mecbopt decode`, raw integers from file to
file.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import mecbopt as mb
from mecbopt.codec import CHUNK_SYMBOLS, Decoder, Encoder

__all__ = ["main", "measure_commands", "measure_length"]

_MILLION = 10**6
#: p_X, p_Y, R: one letter of each size that a table has to fit, from a low rate to a wide alphabet.
PROBLEMS: dict[str, tuple[list[float], list[float], float]] = {
    "2x2, R = .378": ([0.7, 0.3], [0.7, 0.3], 0.378),
    "4x3, R = .6": ([0.4, 0.3, 0.2, 0.1], [0.5, 0.3, 0.2], 0.6),
    "4x3, R = .05": ([0.4, 0.3, 0.2, 0.1], [0.5, 0.3, 0.2], 0.05),
    "6x6, R = 1.5": ([0.3, 0.2, 0.2, 0.15, 0.1, 0.05], [0.25, 0.25, 0.2, 0.15, 0.1, 0.05], 1.5),
}
_COMMAND_PROBLEM = "4x3, R = .6"


def solved(name: str) -> mb.Solution:
    """The solution of a problem, within the gap or not."""
    p_x, p_y, rate = PROBLEMS[name]
    return mb.solve(mb.Problem(p_x, p_y, rate=rate), time_limit=30.0)


def measure_length(name: str, symbols: int) -> dict[str, Any]:
    """Coded and ideal length, exactness, and symbols a second of processor time each way."""
    solution = solved(name)
    problem, mixture = solution.problem, solution.mixture
    x = np.random.default_rng(0).choice(len(problem.p_x), symbols, p=problem.p_x).astype(np.uint8)
    encoder, decoder = (kind(mixture, problem, seed=1) for kind in (Encoder, Decoder))
    encoder.encode(x[:1000])  # models are built
    started = time.process_time()
    blob = encoder.encode(x)
    encoding = time.process_time() - started
    decoder.decode(encoder.encode(x[:1000]))
    started = time.process_time()
    y = decoder.decode(blob)
    decoding = time.process_time() - started
    outputs, picked = encoder.outputs(x)
    ideal = float(-np.log2(mixture.output_laws(problem.p_x, problem.shape[1])[picked, outputs]).sum())
    return {
        "problem": name,
        "symbols": symbols,
        "rate": solution.rate,
        "ideal_bits": ideal,
        "coded_bits": 8 * len(blob),
        "excess_bits_a_chunk": (8 * len(blob) - ideal) / -(-symbols // CHUNK_SYMBOLS),
        "excess_share": 8 * len(blob) / ideal - 1,
        "exact": bool(np.array_equal(y, outputs)),
        "encoded_a_second": symbols / encoding,
        "decoded_a_second": symbols / decoding,
    }


def _largest_resident(command: list[str], folder: Path) -> float:
    """MiB that a command takes at most, in a child of a child, so that the largest is its own."""
    script = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], check=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout.split()[-1]) / 1024


def measure_commands(symbols: int) -> dict[str, Any]:
    """Memory and seconds of `mecbopt encode` and `decode` on a file of this many symbols."""
    solution, rng = solved(_COMMAND_PROBLEM), np.random.default_rng(0)
    p_x = solution.problem.p_x
    row: dict[str, Any] = {"symbols": symbols}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        solution.to_json(folder / "s.json")
        with (folder / "x.uint8").open("wb") as file:
            for start in range(0, symbols, _MILLION):
                block = rng.choice(len(p_x), min(_MILLION, symbols - start), p=p_x)
                file.write(block.astype(np.uint8).tobytes())
        for verb, source, target in (("encode", "x.uint8", "x.mbsy"), ("decode", "x.mbsy", "y.uint8")):
            command = [sys.executable, "-m", "mecbopt", verb, "s.json", source, "--out", target]
            started = resource.getrusage(resource.RUSAGE_CHILDREN)
            row[f"{verb}_mib"] = _largest_resident(command, folder)
            ended = resource.getrusage(resource.RUSAGE_CHILDREN)
            row[f"{verb}_cpu_seconds"] = ended.ru_utime + ended.ru_stime - started.ru_utime - started.ru_stime
        row["stream_bytes"] = (folder / "x.mbsy").stat().st_size
    return row


def main() -> None:
    """Print the tables; write them as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--largest", type=int, default=8, help="memory up to 10 to this many symbols")
    parser.add_argument("--symbols", type=int, default=10**7, help="for length and speed")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    print(f"{arguments.symbols} symbols, chunks of {CHUNK_SYMBOLS}; symbols a second of processor time")
    print("problem         bits/symbol  excess  bits/chunk  exact  encoded, M/s  decoded, M/s")
    lengths = []
    for name in PROBLEMS:
        row = measure_length(name, arguments.symbols)
        lengths.append(row)
        print(
            f"{name:15s} {row['coded_bits'] / row['symbols']:11.6f}  {row['excess_share']:6.4%}"
            f"  {row['excess_bits_a_chunk']:10.1f}  {row['exact']!s:5}"
            f"  {row['encoded_a_second'] / _MILLION:12.1f}  {row['decoded_a_second'] / _MILLION:12.1f}",
            flush=True,
        )
    print("\n   symbols  encode, MiB  decode, MiB  encode, cpu s  decode, cpu s  stream, bytes")
    commands = []
    for power in range(5, arguments.largest + 1):
        row = measure_commands(10**power)
        commands.append(row)
        print(
            f"{row['symbols']:10d}  {row['encode_mib']:11.0f}  {row['decode_mib']:11.0f}"
            f"  {row['encode_cpu_seconds']:13.2f}  {row['decode_cpu_seconds']:13.2f}"
            f"  {row['stream_bytes']:13d}",
            flush=True,
        )
    if arguments.json:
        machine = {"machine": platform.machine(), "python": platform.python_version()}
        arguments.json.write_text(json.dumps({"lengths": lengths, "commands": commands} | machine, indent=1))


if __name__ == "__main__":
    main()
