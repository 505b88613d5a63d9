"""The means of proof: symbolic identities and signs, finite sums of any size, ball arithmetic."""
