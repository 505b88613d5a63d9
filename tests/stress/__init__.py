"""The stress suite: random and adversarial problems, limits, interruptions, damaged input.

`make stress` runs it for minutes, `python -m tests.stress --help` says what may be chosen.  It uses the
public interface alone; `oracle.py` is an independent second method in 256-bit ball arithmetic.
"""
