"""Several processes: one process a device, started by torchrun, joined by DistributedDataParallel.

Random numbers are drawn for the whole batch from (seed, purpose, step) and each process takes its rows, so a
run on two processes sees the same samples and the same noise as a run on one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn

from mecbopt.neural.devices import device_named
from mecbopt.neural.errors import ConfigError

__all__ = ["World", "joined"]


@dataclass(frozen=True)
class World:
    """The group of processes: this one's rank, their number, and this one's device."""

    rank: int
    size: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and shows progress."""
        return self.rank == 0

    def rows(self, batch: int) -> tuple[int, int]:
        """First row and end of this process's equal share of a batch."""
        if batch % self.size:
            raise ConfigError(
                f"optimisation.batch_size is {batch}, but there are {self.size} processes: "
                "choose a multiple of their number."
            )
        share = batch // self.size
        return self.rank * share, (self.rank + 1) * share

    def wrapped(self, module: nn.Module) -> nn.Module:
        """The module with its gradients averaged over the processes."""
        if self.size == 1:
            return module
        devices = [self.device.index] if self.device.type == "cuda" else None
        return nn.parallel.DistributedDataParallel(module, device_ids=devices, broadcast_buffers=False)

    def mean(self, values: Tensor) -> Tensor:
        """Mean over the processes."""
        if self.size == 1:
            return values
        total = values.clone()
        distributed.all_reduce(total)
        return total / self.size

    def barrier(self) -> None:
        """Wait for all processes."""
        if self.size > 1:
            distributed.barrier()


@contextmanager
def joined(device: str) -> Iterator[World]:
    """Join the group that torchrun's environment variables describe, or stand alone without them."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    named = device_named(device, "runtime.device")
    if size == 1:
        yield World(0, 1, named)
        return
    local = int(os.environ.get("LOCAL_RANK", "0"))
    place = torch.device("cuda", local) if device.startswith("cuda") else torch.device(device)
    if place.type == "cuda":
        torch.cuda.set_device(place)
    started = not distributed.is_initialized()
    if started:
        distributed.init_process_group("nccl" if place.type == "cuda" else "gloo")
    try:
        yield World(distributed.get_rank(), distributed.get_world_size(), place)
    finally:
        if started:
            distributed.destroy_process_group()
