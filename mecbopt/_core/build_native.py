"""Builder of `mecbopt._core._native` (cffi, API mode) out of the C units in the folders beside this file.

`setup.py` uses `extension()`; as a script it compiles in place, or another build into another folder:

    python mecbopt/_core/build_native.py [--flavour plain|sanitized|counting] [--out FOLDER]

Every folder is a unit with a header of its own name that says what Python may call.  Such a header holds
plain typedefs and prototypes only, since cffi's parser has no preprocessor.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent
#: Folders of C units; Python sees the header that has the folder's name.
UNITS = ("common", "tree", "pivots", "mec")
# No -ffast-math: bounds rely on IEEE semantics; -ffp-contract=off keeps results equal everywhere.
_EXACT = ("-std=gnu11", "-ffp-contract=off")
_SANITIZERS = "-fsanitize=address,undefined"


class Flavour(NamedTuple):
    """How the core is built: flags of compiler and linker, and headers that Python sees beyond the usual."""

    compile_flags: tuple[str, ...]
    link_flags: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


FLAVOURS = {
    "plain": Flavour((*_EXACT, "-O3")),
    # Any finding ends the program, undefined behaviour included.
    "sanitized": Flavour(
        (*_EXACT, "-O1", "-g", "-fno-omit-frame-pointer", _SANITIZERS, "-fno-sanitize-recover"),
        (_SANITIZERS,),
    ),
    # Requests for memory are counted and can be made to fail (common/memory.h).
    "counting": Flavour((*_EXACT, "-O1", "-DMECBOPT_COUNT_ALLOCATIONS"), headers=("common/counting.h",)),
}


def sources(suffix: str) -> list[Path]:
    """The units' files with this suffix, in one order everywhere."""
    return sorted(path for unit in UNITS for path in (FOLDER / unit).glob(f"*{suffix}"))


def public_headers() -> list[str]:
    """Headers whose declarations Python sees, relative to this folder."""
    return [f"{unit}/{unit}.h" for unit in UNITS if (FOLDER / unit / f"{unit}.h").exists()]


def _declarations(header: str) -> str:
    """The header without preprocessor lines (guards, includes)."""
    text = (FOLDER / header).read_text(encoding="utf-8")
    return re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)


def source_digest() -> str:
    """A fingerprint of every source and header; a module that was built from others has another one."""
    digest = hashlib.sha256()
    for path in (*sources(".c"), *sources(".h")):
        digest.update(f"{path.relative_to(FOLDER).as_posix()}\n".encode())
        digest.update(path.read_text(encoding="utf-8").encode())
    return digest.hexdigest()[:32]


def ffi_builder(flavour: str = "plain") -> Any:
    """The cffi builder, sources given relative to the project root as setuptools wants them."""
    from cffi import FFI

    chosen = FLAVOURS[flavour]
    headers = [*public_headers(), *chosen.headers]
    builder = FFI()
    builder.cdef("\n".join(map(_declarations, headers)))
    builder.cdef("static const char *const core_source_digest;")
    # The answer to `core_question`, given in Python: mecbopt/_core/asking.py.
    builder.cdef('extern "Python" int core_ask(void);')
    root = FOLDER.parent.parent
    on_windows = sys.platform == "win32"
    builder.set_source(
        "mecbopt._core._native",
        "\n".join(f'#include "{header}"' for header in headers)
        + f'\nstatic const char *const core_source_digest = "{source_digest()}";\n',
        sources=[str(path.relative_to(root)) for path in sources(".c")],
        include_dirs=[str(FOLDER.relative_to(root))],
        depends=[str(path.relative_to(root)) for path in sources(".h")],
        extra_compile_args=[] if on_windows else list(chosen.compile_flags),
        extra_link_args=[] if on_windows else list(chosen.link_flags),
        libraries=[] if on_windows else ["m"],
    )
    return builder


def extension(flavour: str = "plain", generated: Path = FOLDER / "_build") -> Any:
    """The setuptools extension; optional, so that a missing compiler does not fail the installation."""
    native = ffi_builder(flavour).distutils_extension(tmpdir=str(generated))
    native.optional = flavour == "plain"
    return native


def build(flavour: str, out: Path | None) -> None:
    """Compile in place, or into the folder `out` (with all that is generated on the way)."""
    from setuptools import setup

    arguments = ["build_ext", "--inplace"]
    generated = FOLDER / "_build"
    if out is not None:
        out = out.resolve()
        generated = out / "generated"
        arguments = ["build_ext", "--build-lib", str(out), "--build-temp", str(out / "objects")]
    os.chdir(FOLDER.parent.parent)
    setup(
        name="mecbopt-native",
        packages=[],
        ext_modules=[extension(flavour, generated)],
        script_args=arguments,
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--flavour", choices=sorted(FLAVOURS), default="plain")
    parser.add_argument("--out", type=Path, help="folder for the build; by default in place")
    chosen = parser.parse_args()
    build(chosen.flavour, chosen.out)


if __name__ == "__main__":
    main()
