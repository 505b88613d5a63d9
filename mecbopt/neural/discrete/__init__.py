"""The same training on discrete letters, where the optimum is known."""
