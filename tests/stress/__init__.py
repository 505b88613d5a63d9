"""The stress suite: random and adversarial problems, limits, interruptions and damaged input against the public API.

`make stress` runs it for minutes, `python -m tests.stress --help` says what can be chosen.  Nothing here knows
the inside of the package; `oracle.py` is an independent second method in 256-bit ball arithmetic.
"""
