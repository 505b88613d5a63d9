"""Two letters of Y: least-rate mixtures are chains of nested sets (theory, section 5)."""

from mecbopt.engines.chains.engine import Chains

__all__ = ["Chains"]
