"""Build hook: package discovery and the optional compiled core.

Everything declarative is in pyproject.toml.  This file exists because cffi extensions and a package that is
mapped from another folder (`proofs` -> `mecbopt._proofs`) need code.  Without a C compiler the installation
still succeeds: the pure Python and HiGHS paths serve, slower.
"""

import importlib.util
from pathlib import Path

from setuptools import find_packages, setup

_builder_path = Path(__file__).parent / "mecbopt" / "_core" / "build_native.py"
_spec = importlib.util.spec_from_file_location("build_native", _builder_path)
_builder = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_builder)

setup(
    packages=[*find_packages(include=["mecbopt", "mecbopt.*"]), "mecbopt._proofs", "mecbopt._proofs.tools"],
    ext_modules=[_builder.extension()],
)
