"""Machine-checked derivations of the closed forms and general theorems (`mecbopt prove`).

One theorem a file, each a frozen `Lemma`: hypotheses and conclusions as formulas, steps that a small kernel
checks, and instances at which the formulas are evaluated.  Textbook facts are formulas too, with their
source; nothing is admitted.  Nothing here imports a solver.  Imports are relative, so that the folder also
works as `mecbopt._proofs` in a wheel.
"""

from .lemma import Lemma, ProofError, Rule, Statement, Step, Witness, step
from .render import latex, markdown, summary
from .runner import NAMES, LemmaResult, StepResult, Verdict, load, run, run_all

__all__ = [
    "NAMES",
    "Lemma",
    "LemmaResult",
    "ProofError",
    "Rule",
    "Statement",
    "Step",
    "StepResult",
    "Verdict",
    "Witness",
    "latex",
    "load",
    "markdown",
    "run",
    "run_all",
    "step",
    "summary",
]
