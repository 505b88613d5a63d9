"""The examples in the docstrings of the image model and of the coding floor give what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

pytest.importorskip("torch", reason="the image model needs PyTorch")

import mecbopt.coding
import mecbopt.neural


def test_doctests():
    tried = failed = 0
    for package in (mecbopt.coding, mecbopt.neural):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if info.name.endswith("__main__"):
                continue
            result = doctest.testmod(importlib.import_module(info.name), verbose=False)
            tried, failed = tried + result.attempted, failed + result.failed
    assert failed == 0
    assert tried >= 10
