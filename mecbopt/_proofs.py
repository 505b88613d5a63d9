"""The door to `proofs/` in a checkout: the derivations have one name, `mecbopt._proofs`, wherever they lie.

A wheel holds them as the folder `mecbopt/_proofs/`, which the import system prefers to this file.  Here the
folder beside the package is loaded under the same name, so that no search path is edited, worker processes
find the lemmas again, and there are never two copies of a class.
"""

import importlib.util
import sys
from pathlib import Path

_folder = Path(__file__).resolve().parents[1] / "proofs"
_spec = importlib.util.spec_from_file_location(
    __name__, _folder / "__init__.py", submodule_search_locations=[str(_folder)]
)
if _spec is None or _spec.loader is None or not (_folder / "runner.py").is_file():
    raise ModuleNotFoundError(
        "the proofs are not part of this installation: install the package again", name=__name__
    )
_module = importlib.util.module_from_spec(_spec)
sys.modules[__name__] = _module
_spec.loader.exec_module(_module)
