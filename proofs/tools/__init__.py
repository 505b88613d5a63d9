"""The kernel, its rules, the language of statements and their evaluation in balls."""
