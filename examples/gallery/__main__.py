"""Draw the gallery: every example of this folder is run and its picture written.

python examples/gallery --out pictures
python examples/gallery --out pictures --only low_rates --only branches
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from pathlib import Path

from mecbopt.plots import save

FOLDER = Path(__file__).resolve().parent


def names() -> list[str]:
    """The examples, by the names of their files."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__main__")


def main() -> int:
    """Run the examples that are asked for; 1 where one lacks a package."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures; created if need be")
    parser.add_argument(
        "--only", action="append", choices=names(), help="this example alone; may be repeated"
    )
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    skipped = 0
    for name in arguments.only or names():
        start = time.perf_counter()
        try:
            example = importlib.import_module(name)
        except ModuleNotFoundError as error:
            print(f"{name}: skipped, the package {error.name} is not installed", file=sys.stderr)
            skipped += 1
            continue
        path = arguments.out / f"{name}.png"
        save(example.main(), path)
        print(f"{path}  ({time.perf_counter() - start:.1f} s)")
    return 1 if skipped else 0


if __name__ == "__main__":
    sys.exit(main())
