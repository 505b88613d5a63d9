"""Mutated streams and model files with their checksums repaired: refused with a reason, or used without harm.

    python -m tests.stress.neural_files --count 10000 --seed 0

A case is a function of (seed, number).  It may end in one of the package's own errors, or succeed; a stream
that decodes must be what the encoder writes for its symbols, and a model that loads must code and decode.
Anything else is a finding: another exception, more than `SECONDS` of processor time, or an allocation beyond
1 GiB, which the address space of the process does not allow.  The cases run in a child, so that a crash of
the process is a finding too, and so is a child that is silent for `PATIENCE` seconds: it is ended.

Some models have coding tables of another width than a training makes, from one symbol to far more than the
coder can bear: such tables are valid, and whoever loads them pays for their width at every symbol.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mecbopt.coding.container import IDENTITY_BYTES, Container
from mecbopt.coding.tables import PRECISION_BITS
from mecbopt.errors import MecboptError
from mecbopt.neural.coding.codec import ImageCodec
from mecbopt.neural.coding.model_file import FrozenModel, frozen, load_model
from mecbopt.neural.coding.tables import build_tables
from mecbopt.neural.coding.tensor_file import content_digest
from mecbopt.neural.config import Config
from mecbopt.neural.model.coupling import image_model
from mecbopt.neural.training.calibration import fit_density

SECONDS = 20  # of processor time a case
PATIENCE = 240  # seconds without a word of the child, on a machine however busy
MEMORY_BYTES = 2**30
KIND = "mecbopt-image-model"

#: Numbers that counts, sizes and weights are replaced by.
_NUMBERS = (
    0, 1, 2, 3, 7, 127, 128, 255, 1000, 20_000, 2**16, 2**20, 10**7, 2**31, 2**32, 2**40, 2**53, 2**63,
    2**64 - 1,
)  # fmt: skip
_JSON: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 20_000, 10**7, 2**31, 2**63, 10**30, 0.5, -0.0, 1e308, 1e-300, "", "x",
    "nan", "area_x4", "\ud7ff" * 3, [], [1], [1, 0, 0], [1, 8, 8], [3, 32, 32], [[1], [2]], {}, {"a": 1},
)  # fmt: skip
#: Widths of tables: the extremes, both sides of the widest row that is coded, and hostile ones.
_WIDTHS = (1, 2, 300, 511, 512, 513, 4096, 2**14, 2**16, 2**17)
_RAW = ("NaN", "Infinity", "-Infinity", "1e999", "1" * 5000, "[" * 100_000, '{"a":' * 3000, '"\\ud800"')


class Victims:
    """A small model in a file, and honest streams of it."""

    def __init__(self, folder: Path) -> None:
        config = Config().updated(
            ["model.latents=4", "model.dither_levels=8", "model.hidden=12", "model.width=4",
             "model.noise_dimensions=1", "model.critic_width=4"]
        )  # fmt: skip
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(3)
            model = image_model(config, (1, 8, 8), (1, 4, 4))
            encoder: Any = model.encoder
            encoder.head[-1].weight.data.mul_(20.0)
            self.sources = torch.rand(60, 1, 4, 4)
        fit_density(model, self.sources, steps=60, learning_rate=0.03, seed=0)
        tables = build_tables(model.density, model.dither_level_count)
        self.folder, self.path = folder, folder / "model.safetensors"
        record = {"dataset": {"dataset": "none"}, "reached": {"gain": 1.0, "held_out_rate": 6.0}}
        self.model = FrozenModel(config, frozen(model), tables, (1, 8, 8), (1, 4, 4), record).save(self.path)
        codec = ImageCodec(self.model, seed=5)
        self.streams = [
            codec.compress(self.sources[:count], first_index=count, per_image=single).blob
            for count in (0, 1, 3, 60)
            for single in (False, True)
        ]
        data = self.path.read_bytes()
        size = struct.unpack("<Q", data[:8])[0]
        self.header, self.body = json.loads(data[8 : 8 + size]), data[8 + size :]


def mutated_stream(blob: bytes, rng: random.Random) -> bytes:
    """A stream with one or more fields or bytes changed and its checksum made right again."""
    body = bytearray(blob[:-4])
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        choice = rng.randrange(7)
        at = rng.randrange(4, len(body))
        if choice == 0:
            body[at] ^= 1 << rng.randrange(8)
        elif choice == 1:
            body[at] = rng.randrange(256)
        elif choice == 2:
            body += rng.randbytes(rng.randrange(1, 12))
        elif choice == 3:
            del body[max(14, len(body) - rng.randrange(1, 12)) :]
        elif choice == 4:
            body[at:at] = rng.randbytes(rng.randrange(1, 6))
        else:
            body = _other_fields(blob, rng)
    return bytes(body) + zlib.crc32(body).to_bytes(4, "big")


def _other_fields(blob: bytes, rng: random.Random) -> bytearray:
    """Header fields replaced by chosen numbers, the payload kept, cut, lengthened or made up."""
    container = Container.from_bytes(blob)
    fields = [container.seed, container.first_index, container.images]
    fields[rng.randrange(3)] = rng.choice(_NUMBERS)
    body = bytearray(blob[: 6 + IDENTITY_BYTES])
    body[5] = rng.choice((0, 1, int(container.per_image)))
    payloads = list(container.payloads) or [b""]
    at = rng.randrange(len(payloads))
    payloads[at] = rng.choice(
        (payloads[at], b"", payloads[at] + bytes(rng.randrange(1, 9)), rng.randbytes(rng.randrange(40)))
    )
    for field in fields:
        body += _leb128(field, rng.random() < 0.05)
    for payload in payloads:
        body += _leb128(len(payload), rng.random() < 0.02) + payload
    return body


def _leb128(value: int, padded: bool) -> bytes:
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value | (128 if padded else 0))
    return bytes(out + (b"\0" if padded else b""))


def mutated_model(victims: Victims, rng: random.Random) -> bytes:
    """A model file with its record, tensors or header changed and its digest made right again."""
    header, body = copy.deepcopy(victims.header), bytearray(victims.body)
    widened = rng.random() < 0.2
    if widened:
        body = _widened(header, body, rng)
    metadata = header["__metadata__"]
    record = json.loads(metadata["record"])
    raw = None
    # Other tables alone are a case; the other changes on top of them are rarer.
    for _ in range(rng.choice((0, 0, 0, 1) if widened else (1, 1, 1, 2))):
        choice = rng.randrange(10)
        if choice < 5:
            _change_record(record, rng)
        elif choice < 8:
            _change_values(header, body, rng)
        elif choice == 8:
            _change_header(header, rng)
        else:
            raw = rng.choice(_RAW)
    text = json.dumps(record)
    if raw is not None:
        numbers = [place for place in range(len(text)) if text[place - 1] == " " and text[place].isdigit()]
        place = rng.choice(numbers)
        end = next(index for index in range(place, len(text)) if text[index] in ",}]")
        text = text[:place] + raw + text[end:]
    metadata["record"] = text
    return _sealed(header, bytes(body), rng)


def _change_record(record: dict[str, Any], rng: random.Random) -> None:
    node: Any = record
    while True:
        key = rng.choice(list(node) if isinstance(node, dict) else range(len(node)))
        inner = node[key]
        if not isinstance(inner, (dict, list)) or not inner or rng.random() < 0.25:
            break
        node = inner
    choice = rng.randrange(4)
    if choice == 0:
        del node[key]
    elif choice == 1 and isinstance(inner, (int, float)) and not isinstance(inner, bool):
        node[key] = type(inner)(rng.choice(_NUMBERS))
    elif choice == 2 and isinstance(node, dict):
        node["unknown"] = node.pop(key)
    else:
        node[key] = copy.deepcopy(rng.choice(_JSON))


def _change_values(header: dict[str, Any], body: bytearray, rng: random.Random) -> None:
    """Values of one tensor: single bytes, NaN, infinities, huge ones, zeros."""
    name = rng.choice([name for name in header if name != "__metadata__"])
    start, stop = header[name]["data_offsets"]
    if start == stop:
        return
    for _ in range(rng.choice((1, 1, 8))):
        at = start + 4 * rng.randrange((stop - start) // 4)
        values = (float("nan"), float("inf"), 3e38, -3e38, 1e20, 0.0, -1.0, 1e-40)
        body[at : at + 4] = rng.choice((rng.randbytes(4), struct.pack("<f", rng.choice(values))))
    if rng.random() < 0.2:
        body[start:stop] = bytes(stop - start)


def _widened(header: dict[str, Any], body: bytearray, rng: random.Random) -> bytearray:
    """The body with valid tables of another width; the header's shapes and offsets follow."""
    names = sorted(
        (name for name in header if name != "__metadata__"), key=lambda n: header[n]["data_offsets"]
    )
    tensors = {name: bytes(body[slice(*header[name]["data_offsets"])]) for name in names}
    latents, levels, _ = header["tables.counts"]["shape"]
    width = rng.choice(_WIDTHS)
    total = 2**PRECISION_BITS
    counts = np.full(
        (latents, levels, width + 1), total // (width + 1) if rng.random() < 0.5 else 1, np.int32
    )
    # The remainder goes to one symbol, in the middle, at an end, or to the escape.
    counts[:, :, rng.choice((0, width // 2, width))] += total - int(counts[0, 0].sum())
    low = np.full(latents, rng.choice((-(width // 2), -(width // 2), 0, 10**6, -(2**40), 2**40)), np.int64)
    tensors["tables.counts"], tensors["tables.low"] = counts.tobytes(), low.tobytes()
    header["tables.counts"]["shape"] = list(counts.shape)
    start = 0
    for name in names:
        header[name]["data_offsets"] = [start, start + len(tensors[name])]
        start += len(tensors[name])
    return bytearray(b"".join(tensors[name] for name in names))


def _change_header(header: dict[str, Any], rng: random.Random) -> None:
    """Names, types, shapes and offsets of tensors, and the metadata."""
    name = rng.choice([name for name in header if name != "__metadata__"])
    entry = header[name]
    choice = rng.randrange(6)
    if choice == 0:
        entry["dtype"] = rng.choice(
            ("F32", "I32", "U32", "F16", "BF16", "F64", "I64", "BOOL", "F8_E4M3", "X", "C64")
        )
    elif choice == 1:
        entry["shape"] = rng.choice(
            ([], [0], [1], [2**32, 2**32], [-1], entry["shape"][::-1], [*entry["shape"], 1], [2**62, 4])
        )
    elif choice == 2:
        entry["data_offsets"] = [rng.choice(_NUMBERS), rng.choice(_NUMBERS)]
    elif choice == 3:
        header[rng.choice(("model.other", "other", "", "model.", "tables.low", "../x"))] = header.pop(name)
    elif choice == 4:
        header.pop(name)
    else:
        key = rng.choice(list(header["__metadata__"]))
        header["__metadata__"][key] = rng.choice(("", "0", "1", "2", KIND, "mecbopt-judge", "x" * 1000))


def _sealed(header: dict[str, Any], body: bytes, rng: random.Random) -> bytes:
    """The file with the digest of what can be read of it, as a forger would write it."""
    metadata = header["__metadata__"]
    draft = _packed(header, body)
    try:
        from safetensors.torch import load

        metadata["digest"] = content_digest(metadata["kind"], metadata["record"], load(draft))
    except Exception:  # whatever a broken draft does to the forger is no finding
        metadata["digest"] = rng.randbytes(32).hex()
    return _packed(header, body)


def _packed(header: dict[str, Any], body: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def try_stream(victims: Victims, rng: random.Random) -> str:
    """One case on a stream."""
    blob = mutated_stream(rng.choice(victims.streams), rng)
    codec = ImageCodec(victims.model)
    try:
        symbols, levels, container = codec.decode_symbols(blob)
        images = codec.reconstruct(symbols, levels, container.first_index, container.seed)
    except MecboptError as error:
        return type(error).__name__
    _require(len(images) == container.images, "as many images as the header says")
    _require(bool(((images >= 0) & (images <= 1)).all()), "images in [0, 1]")
    _require(container.to_bytes() == blob, "one spelling of a container")
    return "decoded"


def try_model(victims: Victims, rng: random.Random) -> str:
    """One case on a model file."""
    path = victims.folder / "mutated.safetensors"
    path.write_bytes(mutated_model(victims, rng))
    try:
        model = load_model(path)
        codec = ImageCodec(model, seed=1)
        sources = torch.rand(5, *model.degraded_shape, generator=torch.Generator().manual_seed(0))
        coded = codec.compress(sources, per_image=rng.random() < 0.5)
        images = codec.decompress(coded.blob)
        _require(np.array_equal(codec.decode_symbols(coded.blob)[0], coded.symbols), "symbols survive")
        _require(bool(((images >= 0) & (images <= 1)).all()), "images in [0, 1]")
        model.expects()
    except MecboptError as error:
        return type(error).__name__
    return "used"


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise AssertionError(what)


CASES: tuple[tuple[str, Callable[[Victims, random.Random], str]], ...] = (
    ("stream", try_stream),
    ("model", try_model),
)


def run_case(victims: Victims, seed: int, number: int) -> str:
    """The outcome of a case: "kind: what came of it"."""
    kind, attempt = CASES[number % 2]
    return f"{kind}: {attempt(victims, random.Random(seed * 1_000_003 + number))}"


def child(seed: int, first: int, stop: int) -> None:
    """Run cases under a limit of time and memory; a line of JSON for each."""
    torch.set_num_threads(1)

    def late(*_: object) -> None:
        raise TimeoutError(f"more than {SECONDS} s of processor time")

    signal.signal(signal.SIGPROF, late)
    with tempfile.TemporaryDirectory() as folder:
        victims = Victims(Path(folder))
        (
            run_case(victims, seed, 0),
            run_case(victims, seed, 1),
        )  # everything is loaded before memory is limited
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_BYTES, resource.RLIM_INFINITY))
        for number in range(first, stop):
            print(json.dumps({"number": number, "begun": True}), flush=True)
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            started = time.process_time()
            try:
                outcome, finding = run_case(victims, seed, number), None
            except Exception as error:  # any other exception is what is looked for
                outcome = f"{type(error).__name__}: {error}"[:300]
                finding = traceback.format_exc()[-1500:]
            signal.setitimer(signal.ITIMER_PROF, 0.0)
            line = {"number": number, "outcome": outcome, "finding": finding}
            print(json.dumps({**line, "seconds": time.process_time() - started}), flush=True)


def run(
    count: int, seed: int, first: int = 0, show: bool = False
) -> tuple[Counter[str], list[dict[str, Any]]]:
    """Outcomes of `count` cases and the findings among them."""
    outcomes: Counter[str] = Counter()
    findings: list[dict[str, Any]] = []
    stop, slowest, resident = first + count, 0.0, 0
    while first < stop:
        command = [
            sys.executable,
            "-m",
            "tests.stress.neural_files",
            "--child",
            str(seed),
            str(first),
            str(stop),
        ]
        # Leaving the block closes the pipe and waits; a child that is still at work then is ended first.
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            begun = first - 1
            try:
                for text in _heard(process):
                    line = json.loads(text)
                    if line.get("begun"):
                        begun = line["number"]
                        continue
                    first, slowest = line["number"] + 1, max(slowest, line["seconds"])
                    if line["finding"]:
                        findings.append(line)
                    else:
                        outcomes[line["outcome"]] += 1
                    if show and first % 500 == 0:
                        print(f"{first} cases, {len(findings)} findings", flush=True)
            except BaseException:
                process.kill()
                raise
        if process.returncode != 0 or first < stop:
            outcome = f"the process died with {process.returncode}"
            findings.append({"number": begun, "outcome": outcome, "finding": outcome})
            if begun < first:  # it died before a case: another start would die alike
                break
            first = begun + 1
    resident = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    outcomes_text = f"slowest {slowest:.2f} s, largest process {resident / 1024:.0f} MiB"
    if show:
        print(outcomes_text)
    return outcomes, findings


def _heard(process: subprocess.Popen[str]) -> Iterator[str]:
    """The lines of the child, which is ended when it is silent for `PATIENCE` seconds."""
    assert process.stdout is not None
    while True:
        watch = threading.Timer(PATIENCE, process.kill)
        watch.start()
        try:
            text = process.stdout.readline()
        finally:
            watch.cancel()
        if not text.endswith("\n"):  # the end, or the word that the child was cut off in
            return
        yield text


def main() -> int:
    """Command line: 1 when there is a finding."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="first case; with --count 1 it shows one")
    parser.add_argument(
        "--child", type=int, nargs=3, metavar=("SEED", "FIRST", "STOP"), help=argparse.SUPPRESS
    )
    options = parser.parse_args()
    if options.child:
        child(*options.child)
        return 0
    outcomes, findings = run(options.count, options.seed, options.first, show=True)
    for outcome, number in outcomes.most_common():
        print(f"{number:6d}  {outcome}")
    for finding in findings:
        print(f"case {finding['number']}: {finding['outcome']}\n{finding['finding']}")
    print(f"{sum(outcomes.values()) + len(findings)} cases, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
