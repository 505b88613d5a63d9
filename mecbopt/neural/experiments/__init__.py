"""The image experiments as a manifest: every run by name, trained, evaluated and drawn by one command.

`python -m mecbopt.neural.experiments --help`; `make experiments` runs everything, for hours on a CPU.
"""

from mecbopt.neural.experiments.manifest import Run, manifest

__all__ = ["Run", "manifest"]
