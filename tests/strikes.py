"""Ctrl-C at a chosen moment: while a function of the package is about to run for the first time."""

from __future__ import annotations

import importlib
import signal
from typing import Any

import pytest

__all__ = ["strike_once"]


def strike_once(monkeypatch: pytest.MonkeyPatch, place: str) -> list[str]:
    """SIGINT before the first call of `mecbopt.PLACE`; the list has an entry once it came."""
    room, _, name = place.rpartition(".")
    module = importlib.import_module(f"mecbopt.{room}")  # `mecbopt.mec.exact` is a function, too
    right, came = getattr(module, name), list[str]()

    def struck(*arguments: Any, **options: Any) -> Any:
        if not came:
            came.append(place)
            signal.raise_signal(signal.SIGINT)
        return right(*arguments, **options)

    monkeypatch.setattr(module, name, struck)
    return came
