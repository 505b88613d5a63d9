"""Linear programs over mixtures, on HiGHS."""
