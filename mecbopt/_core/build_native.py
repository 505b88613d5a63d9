"""Builder of `mecbopt._core._native` (cffi, API mode) out of the C units beside this file.

Run as a script (`python mecbopt/_core/build_native.py`) to compile in place; `setup.py` uses `extension()`.
A unit `NAME.c` publishes what Python may call in `NAME.h`, listed in `PUBLIC_HEADERS`; such a header holds
plain typedefs and prototypes only, since cffi's parser has no preprocessor.
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
# Headers whose declarations Python sees, in the order of their dependence.
PUBLIC_HEADERS = [
    name for name in ("branch_and_bound.h", "mec.h", "local_search.h") if (FOLDER / name).exists()
]


def _declarations(header: str) -> str:
    """The header without preprocessor lines (guards, includes)."""
    text = (FOLDER / header).read_text()
    return re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)


def interface_digest() -> str:
    """A fingerprint of what Python may call; a module that was built from other headers has another one."""
    declarations = "\n".join(_declarations(header) for header in PUBLIC_HEADERS)
    return hashlib.sha256(declarations.encode()).hexdigest()[:32]


def ffi_builder() -> Any:
    """The cffi builder, sources given relative to the project root as setuptools wants them."""
    from cffi import FFI

    builder = FFI()
    builder.cdef("\n".join(_declarations(header) for header in PUBLIC_HEADERS))
    builder.cdef("static const char *const mb_interface_digest;")
    root = FOLDER.parent.parent
    builder.set_source(
        "mecbopt._core._native",
        "\n".join(f'#include "{header}"' for header in PUBLIC_HEADERS)
        + f'\nstatic const char *const mb_interface_digest = "{interface_digest()}";\n',
        sources=[
            str(path.relative_to(root)) for path in sorted(FOLDER.glob("*.c")) if path.name != "_native.c"
        ],
        include_dirs=[str(FOLDER.relative_to(root))],
        depends=[str(path.relative_to(root)) for path in sorted(FOLDER.glob("*.h"))],
        # No -ffast-math: bounds rely on IEEE semantics; -ffp-contract=off keeps results equal everywhere.
        extra_compile_args=[] if sys.platform == "win32" else ["-std=gnu11", "-O3", "-ffp-contract=off"],
        libraries=[] if sys.platform == "win32" else ["m"],
    )
    return builder


def extension() -> Any:
    """The setuptools extension; optional, so that a missing compiler does not fail the installation."""
    native = ffi_builder().distutils_extension(tmpdir=str(FOLDER / "_build"))
    native.optional = True
    return native


if __name__ == "__main__":
    import os

    from setuptools import setup

    os.chdir(FOLDER.parent.parent)
    setup(
        name="mecbopt-native", packages=[], ext_modules=[extension()], script_args=["build_ext", "--inplace"]
    )
