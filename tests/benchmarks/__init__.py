"""Benchmarks, run by `make bench` or `python -m tests.benchmarks [NAME ...]`.

`peers` compares the exact solver with general global solvers, `curve` times a rate curve and the import, and
the modules `exact_solver` and `plain_mec` are scripts of their own that write their results with `--json`.
"""
