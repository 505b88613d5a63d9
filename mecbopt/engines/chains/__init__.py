"""Two letters of Y: least-rate mixtures are chains of nested sets (theory, section 5)."""

from mecbopt.engines.chains.engine import Chains
from mecbopt.engines.chains.relaxed import bound_at_the_rate

__all__ = ["Chains", "bound_at_the_rate"]
