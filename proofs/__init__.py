"""Machine-checked derivations of the closed forms and general theorems (`mecbopt prove`).

One theorem a file, each a frozen `Lemma` with steps that are exact symbolic identities, sign certificates,
exhausted cases or ball-arithmetic enclosures; textbook facts are cited and counted apart.  Nothing here
imports a solver.  Imports are relative, so that the folder also works as `mecbopt._proofs` in a wheel.
"""

from .lemma import Lemma, ProofError, Statement, Step, step

from .runner import NAMES, LemmaResult, StepResult, Verdict, load, run, run_all

__all__ = [
    "NAMES",
    "Lemma",
    "LemmaResult",

    "ProofError",
    "Step",
    "StepResult",
    "Verdict",


    "load",

    "run",
    "run_all",

]
