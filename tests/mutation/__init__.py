"""Can the checks fail?  Seeded faults in the closed form, the proofs and the solver's rows."""
