"""Devices by name, refused with their reason before anything is computed."""

from __future__ import annotations

import torch

from mecbopt.errors import Name
from mecbopt.neural.errors import ConfigError

__all__ = ["device_named"]


def device_named(name: str, argument: str = "device") -> torch.device:
    """The device of that name.

    Raises
    ------
    ConfigError
        No such kind of device, or none of that kind or number on this machine.
    """
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError) as error:
        raise ConfigError(
            argument=argument, value=name, required="name a device", remedy="give cpu or cuda"
        ) from error
    if device.type == "cpu":
        return torch.device("cpu")
    present = torch.cuda.device_count() if device.type == "cuda" and torch.cuda.is_available() else 0
    if device.type == "cuda" and (device.index or 0) < present:
        return device
    raise ConfigError(
        argument=argument,
        value=name,
        found=f"is {name!r}, but no such device is visible",
        remedy=("use ", Name(argument), "=cpu"),
    )
