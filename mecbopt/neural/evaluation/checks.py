"""What an evaluation must satisfy; each check can fail, and says "not applicable" where it could not.

A converse says nothing once the rate reaches what it bounds: H(S) - R <= CE is void for R >= H(S), and
InfoNCE <= R for R at or above its ceiling log2 K.  What never becomes void is that the decoder's output is a
function of the stream alone; so the stream is decoded once more, by a process that has seen nothing else.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mecbopt.neural.coding.model_file import FrozenModel
from mecbopt.neural.data.arrays import read_arrays
from mecbopt.neural.errors import DatasetError

__all__ = ["Check", "coded_as_estimated", "decoded_in_a_fresh_process", "information_below_rate",
           "label_converse", "on_target", "outputs_of_the_stream"]  # fmt: skip

#: Standard errors allowed where two means over the same finite set are compared.
_DEVIATIONS = 3.0
#: Relative accuracy of coding and of the rate, and bits that one stream may cost beside (two words of the
#: coder and rounding).
_ACCURACY = 0.01
_STREAM_BITS = 96.0
#: Grey levels by which another process may differ: none on one machine, one where devices round apart.
_GREY_LEVELS = 1
_FRESH_PROCESS_SECONDS = 3600


@dataclass(frozen=True)
class Check:
    """A claim, whether it holds (None: not applicable), and why or by how much."""

    name: str
    holds: bool | None
    reason: str


def coded_as_estimated(payload_bits: float, estimated_bits: float) -> Check:
    """Coded bits are the estimated ones within 1% and the constant cost of one stream."""
    off = abs(payload_bits - estimated_bits)
    allowed = _ACCURACY * estimated_bits + _STREAM_BITS
    return Check(
        "coded within 1% of estimated, and 96 bits a stream",
        off <= allowed,
        f"off by {off:.0f} bits of {estimated_bits:.0f}",
    )


def information_below_rate(infonce: float, error: float, ceiling: float, rate: float, spread: float) -> Check:
    """I(X;Y) <= I(X;Y|U) <= R, so a lower bound on I is at most R."""
    name = "InfoNCE at most the rate"
    slack = _DEVIATIONS * (error + spread)
    if not ceiling > rate + slack:
        return Check(
            name, None, f"InfoNCE is at most {ceiling:.2f} bits for so many images, and R is {rate:.2f}"
        )
    return Check(name, infonce <= rate + slack, f"{infonce:.3f} against {rate:.3f} +- {slack:.3f} bits")


def label_converse(cross_entropy: float, label_entropy: float, rate: float, spread: float) -> Check:
    """CE >= H(S|Y) >= H(S) - R."""
    name = "judge cross-entropy at least H(S) - R"
    least = label_entropy - rate - _DEVIATIONS * spread
    if least <= 0.0:
        return Check(name, None, f"R is {rate:.2f} and H(S) is {label_entropy:.2f} bits: nothing is excluded")
    return Check(name, cross_entropy >= least, f"{cross_entropy:.3f} against {least:.3f} bits")


def on_target(
    rate: float, target: float, spread: float, held_out: int, images: int, gain_at_border: bool
) -> Check:
    """The coded rate is the target within 1% and the sampling error of the held-out and the test images."""
    name = "coded rate within 1% of the target"
    if gain_at_border:
        return Check(
            name, False, f"the gain ended at its border: {target:g} bits are out of this model's reach"
        )
    if images < 2:
        return Check(name, None, "the rate of one image is no mean")
    # The gain was set on the held-out images; `spread` is the error of the mean over the test images.
    error = spread * (1.0 + images / max(1, held_out)) ** 0.5
    allowed = _ACCURACY * target + _DEVIATIONS * error + _STREAM_BITS / images
    return Check(name, abs(rate - target) <= allowed, f"{rate:.4f} against {target:g} +- {allowed:.4f} bits")


def outputs_of_the_stream(outputs: Tensor, fresh: Tensor | None) -> Check:
    """What is judged is what a process that knows only the model file and the bytes decodes."""
    name = "outputs are a function of the stream alone"
    if fresh is None:
        return Check(name, None, "no fresh process was asked for")
    own = (outputs * 255.0).round().to(torch.int16)
    if own.shape != fresh.shape:
        return Check(name, False, f"{tuple(fresh.shape)} from the bytes, {tuple(own.shape)} judged")
    off = int((own - fresh.to(torch.int16)).abs().max()) if own.numel() else 0
    return Check(
        name,
        off <= _GREY_LEVELS,
        f"at most {off} grey levels between bytes and what was judged, {len(own)} images",
    )


def decoded_in_a_fresh_process(frozen: FrozenModel, blob: bytes) -> Tensor:
    """The images that `mecbopt neural decompress` makes of the bytes, uint8, shape (count, C, H, W).

    The process gets two files: the model as it would be shipped, and the stream.

    Raises
    ------
    DatasetError
        The process failed; its last line says why.
    """
    with tempfile.TemporaryDirectory() as folder:
        model, stream, out = (Path(folder) / name for name in ("model.safetensors", "stream.mbis", "y.npz"))
        saved = frozen.save(model)
        if saved.digest != frozen.digest:
            raise DatasetError("the model has changed since it was saved: evaluate what is in its file.")
        stream.write_bytes(blob)
        command = [sys.executable, "-m", "mecbopt", "neural", "decompress", str(model), str(stream)]
        done = subprocess.run(
            [*command, "--out", str(out)],
            capture_output=True,
            text=True,
            check=False,
            timeout=_FRESH_PROCESS_SECONDS,
        )
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise DatasetError(f"decoding in a fresh process failed: {reason}")
        images = read_arrays(out)["y"]
    return torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
