"""Parts of a model by name: which of them a stage trains, and which stay as they are, in evaluation mode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from mecbopt.neural.errors import ConfigError
from mecbopt.neural.model.coupling import CouplingModel

__all__ = ["choose", "encoder_moves", "trunk_moves"]

_TOP = ("encoder", "density", "decoder", "reconstructor")


def choose(
    model: CouplingModel, heads: nn.Module | None, label_model: nn.Module | None, trains: Sequence[str]
) -> dict[str, nn.Parameter]:
    """Let the parameters of the named parts require gradients and all others not; returns them by name.

    A part is named by its path: "encoder", "encoder.trunk", "density", "decoder", "reconstructor", "heads",
    "label_model".  Without names all parts are trained.  Parts with nothing to train are put into evaluation
    mode: a frozen trunk keeps its batch statistics, a frozen density its sharp atoms.
    """
    roots: dict[str, nn.Module] = {name: getattr(model, name) for name in _TOP}
    if heads is not None:
        roots["heads"] = heads
    if label_model is not None:
        roots["label_model"] = label_model
    paths = {name: part for root in roots for name, part in _children(root, roots[root])}
    for name in trains:
        if name not in paths:
            raise ConfigError(f"stages.trains names {name!r}: the parts are {', '.join(paths)}.")
    chosen = {}
    for root, module in roots.items():
        for own, parameter in module.named_parameters():
            path = f"{root}.{own}"
            wanted = not trains or any(path.startswith(f"{name}.") for name in trains)
            # Fixed places of clusters are never trained, whatever part they stand in.
            fixed = own == "places" and not getattr(module, "learned_places", True)
            parameter.requires_grad_(wanted and not fixed)
            if parameter.requires_grad:
                chosen[path] = parameter
    for part in (*paths.values(), *roots.values()):
        part.train(any(parameter.requires_grad for parameter in part.parameters()))
    # A root puts its children into its own mode: bring those of the encoder back to theirs.
    for part in model.encoder.children():
        part.train(any(parameter.requires_grad for parameter in part.parameters()))
    return chosen


def _children(name: str, module: nn.Module) -> list[tuple[str, nn.Module]]:
    inner = [(f"{name}.{child}", part) for child, part in module.named_children() if name == "encoder"]
    if name == "encoder" and hasattr(module, "places"):
        # Places are a bare parameter, and a code of cells alone has no style: both are parts to be named.
        known = {path for path, _ in inner}
        inner += [(path, nn.Module()) for path in ("encoder.places", "encoder.style") if path not in known]
    return [(name, module), *inner]


def trunk_moves(model: CouplingModel) -> bool:
    """Whether the class trunk, if there is one, is trained."""
    trunk: Any = getattr(model.encoder, "trunk", None)
    return trunk is not None and any(parameter.requires_grad for parameter in trunk.parameters())


def encoder_moves(model: CouplingModel) -> bool:
    """Whether any part of the encoder is trained."""
    return any(parameter.requires_grad for parameter in model.encoder.parameters())
