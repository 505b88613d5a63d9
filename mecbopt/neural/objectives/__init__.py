"""The losses of theory section 7."""
