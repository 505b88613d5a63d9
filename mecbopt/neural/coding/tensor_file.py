"""Files of named tensors with a JSON record: safetensors, verified by a digest of their content.

Nothing is ever unpickled.  The digest covers kind, record, names, types, shapes and values; it finds
accidents and identifies a model, but anyone can compute it: what a file claims is checked before it is used.
Writing goes through a temporary file that is renamed when complete, so an interrupted write leaves the old
file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from mecbopt.neural.errors import ModelFileError

__all__ = ["content_digest", "read_tensors", "write_tensors"]

#: Version of the layout; a file of another is refused.
_FORMAT = 1
#: Types that a file of this program holds; others are refused before they reach a network.
_TYPES = (torch.float32, torch.float64, torch.int32, torch.int64, torch.uint8, torch.bool, torch.bfloat16)


def write_tensors(
    path: str | Path, kind: str, tensors: Mapping[str, torch.Tensor], record: Mapping[str, Any]
) -> str:
    """Write a file; returns its digest (hexadecimal SHA-256 of the content)."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    text = json.dumps(record, sort_keys=True, allow_nan=False)
    digest = content_digest(kind, text, plain)
    metadata = {"kind": kind, "format": str(_FORMAT), "record": text, "digest": digest}
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Clones: safetensors refuses tensors that share memory, as tied or sliced ones do.
        save_file({name: tensor.clone() for name, tensor in plain.items()}, temporary, metadata=metadata)
        os.replace(temporary, path)
    except (OSError, SafetensorError) as error:  # safetensors reports a full disk as an error of its own
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise ModelFileError(f"{path} cannot be written: {reason}.") from error
    return digest


def read_tensors(path: str | Path, kind: str) -> tuple[dict[str, torch.Tensor], dict[str, Any], str]:
    """Read a file: (tensors, record, digest).

    Raises
    ------
    ModelFileError
        Absent, damaged, of another kind or version, with values that are not finite; the message names which.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelFileError(f"{path} is not a file: give a file written by 'mecbopt neural train'.")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = dict(file.metadata() or {})
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    # Types that this version of PyTorch does not know come as attribute or key errors.
    except (SafetensorError, OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        raise ModelFileError(f"{path} is damaged or no safetensors file: {error}.") from error
    if metadata.get("kind") != kind:
        raise ModelFileError(
            f"{path} holds {metadata.get('kind')!r}, not {kind!r}: give a file of that kind."
        )
    if metadata.get("format") != str(_FORMAT):
        raise ModelFileError(f"{path} has format {metadata.get('format')!r}; this program reads {_FORMAT}.")
    for name, tensor in tensors.items():
        if tensor.dtype not in _TYPES:
            raise ModelFileError(f"{path} is damaged: tensor {name!r} is of type {tensor.dtype}.")
    text = metadata.get("record", "")
    digest = content_digest(kind, text, tensors)
    if digest != metadata.get("digest"):
        raise ModelFileError(f"{path} is damaged: its content does not fit its SHA-256 digest.")
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise ModelFileError(f"{path}: tensor {name!r} holds values that are not finite: it is no model.")
    return tensors, _record(path, text), digest


def _record(path: Path, text: str) -> dict[str, Any]:
    """The JSON record; deep nesting and numbers that are none (NaN, Infinity) are damage."""
    try:
        record = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise ModelFileError(f"{path} is damaged: its record is not JSON ({reason}).") from error
    if not isinstance(record, dict):
        raise ModelFileError(f"{path} is damaged: its record is not a table.")
    return record


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def content_digest(kind: str, record: str, tensors: Mapping[str, torch.Tensor]) -> str:
    """SHA-256 over kind, record and the named tensors, hexadecimal."""
    state = hashlib.sha256()
    for part in (kind, record):
        data = part.encode()
        state.update(len(data).to_bytes(8, "big") + data)
    for name in sorted(tensors):
        tensor = tensors[name]
        head = json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode()
        state.update(len(head).to_bytes(8, "big") + head)
        state.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return state.hexdigest()
