"""Benchmarks, run by `make bench` or `python -m tests.benchmarks [NAME ...]`.

`peers` compares the exact solver with general global solvers, `curve` times a rate curve and the import; the
modules `exact_solver`, `members`, `plain_mec` and `local_search` have command lines of their own.
"""
