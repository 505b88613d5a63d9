"""What rests on each lemma: places in code and pages (path: words found there), or other lemmas.

And the other way round: every phrase "... theorem" or "... lemma" in code and pages belongs to a lemma here,
or is cited or described with a reason.  Tests hold both against the files.
"""

from __future__ import annotations

__all__ = ["PHRASES", "RESTS"]

_INDEX = "docs/theory/index.md"

RESTS: dict[str, tuple[str, ...]] = {
    "binary_coupling": ("mecbopt/bernoulli/information.py: information", f"{_INDEX}: `binary_coupling`"),
    "concavity": ("crossover", "theorem_2", "mecbopt/bernoulli/optimum.py: end"),
    "lemma_1": ("lemma_2", "erratum_theorem_2", "docs/theory/what-theorem-2-misses.md: Lemma 1"),
    "entropy_positive": ("theorem_2",),
    "entropy_between": ("lemma_2", "crossover"),
    "lemma_2": ("mecbopt/bernoulli/polygon.py: label_share", f"{_INDEX}: `lemma_2`"),
    "sign_theorem": ("crossover", "docs/theory/what-theorem-2-misses.md: `mecbopt prove sign_theorem"),
    "crossover": ("mecbopt/bernoulli/crossover.py: crossover_rate", "largest_loss"),
    "theorem_2": ("erratum_theorem_2", "mecbopt/bernoulli/optimum.py: comonotone"),
    "theorem_3": ("mecbopt/bernoulli/polygon.py: polygon", f"{_INDEX}: `theorem_3`"),
    "theorem_3_kkt": (f"{_INDEX}: `theorem_3_kkt`",),
    "theorem_3_value": (
        "mecbopt/bernoulli/polygon.py: only the largest and the smallest delta matter",
        f"{_INDEX}: `theorem_3_value`",
    ),
    "hamming": (
        "mecbopt/bernoulli/polygon.py: closest_points",
        "docs/theory/what-theorem-2-misses.md: `mecbopt prove hamming`",
        f"{_INDEX}: `hamming`",
    ),
    "erratum_theorem_2": ("docs/theory/what-theorem-2-misses.md: An exact witness",),
    "erratum_theorem_3": ("docs/theory/what-theorem-2-misses.md: With a label",),
    "tangent": ("chord", "column_jensen", "sharpened_jensen", "largest_loss"),
    "phi_order": ("grouping", "general_bounds", "sharpened_jensen", "largest_loss"),
    "log_sum": ("general_bounds", "theorem_1"),
    "grouping": ("theorem_1", "low_rate"),
    "general_bounds": (f"{_INDEX}: `general_bounds`",),
    "functional_representation": ("theorem_1",),
    "theorem_1": (f"{_INDEX}: `theorem_1`", "mecbopt/problem/mixture.py: Mixture"),
    "support": (f"{_INDEX}: `support`", "mecbopt/plots/mixtures.py: the support lemma"),
    "largest_loss": (
        "docs/theory/what-theorem-2-misses.md: The largest loss, in closed form",
        "mecbopt/plots/loss_map.py: loss",
    ),
    "largest_loss_opposite": ("docs/theory/what-theorem-2-misses.md: golden ratio",),
    "low_rate": (f"{_INDEX}: `low_rate`",),
    "low_rate_mixture": (f"{_INDEX}: `low_rate_mixture`",),
    "exchange": (f"{_INDEX}: `exchange`",),
    "column_jensen": (f"{_INDEX}: `column_jensen`", "docs/developer/exact-solver.md: Jensen"),
    "supporting_row": (f"{_INDEX}: `supporting_row`", "docs/developer/exact-solver.md: touching interval"),
    "chord": ("sharpened_jensen", "low_rate", f"{_INDEX}: `chord`"),
    "sharpened_jensen": (
        f"{_INDEX}: `sharpened_jensen`",
        "docs/developer/exact-solver.md: touching interval",
    ),
    # what the exact solver and its certificates rest on
    "rounded_jensen": ("record", "mecbopt/_core/tree/tables.c: concave_of"),
    "record": (
        "mecbopt/certificates/records.py: record_value",
        "mecbopt/certificates/tree.py: _proved",
        "docs/reference/certificate_format.md: *Slab.*",
    ),
    "posterior_rows": (
        "mecbopt/_core/tree/free_law.c: lemma posterior_rows",
        "docs/developer/exact-solver.md: A law of Y that varies",
    ),
    "finite_seed": ("theorem_1", "docs/theory/index.md: `finite_seed`"),
    "vertex_maximum": ("mecbopt/engines/vertex.py: to_vertex", "docs/theory/index.md: `vertex_maximum`"),
    "vertex_counts": ("docs/theory/index.md: `vertex_counts`",),
    "constants": ("low_rate_value",),
    "low_rate_support": ("low_rate_value", "mecbopt/engines/low_rate.py: at most one other mapping"),
    "low_rate_value": (
        "mecbopt/engines/low_rate.py: low_rate_limit",
        "docs/theory/index.md: `low_rate_value`",
    ),
    "pricing": (
        "mecbopt/_core/tree/pricing.c: mb_price",
        "mecbopt/formulation/partitions.py: CheapestPartition",
        "mecbopt/certificates/records.py: _least_mapping",
    ),
    "pricing_attained": (
        "mecbopt/formulation/partitions.py: _trace",
        "mecbopt/_core/tree/pricing.c: mb_price_blocks",
    ),
    "sweep": (
        "mecbopt/_core/tree/sweep.c: supergradient",
        "docs/developer/exact-solver.md: Two letters of Y: sweeps",
    ),
    "exchangeable": (
        "mecbopt/certificates/tree.py: order_pairs",
        "docs/developer/exact-solver.md: may be permuted",
    ),
    "exchangeable_pivots": (
        "mecbopt/_core/tree/propagation.c: mb_order_rows",
        "docs/developer/exact-solver.md: *Pivots.*",
    ),
    "exchangeable_order": (
        "mecbopt/_core/tree/propagation.c: mb_order_rows",
        "docs/developer/exact-solver.md: Every orbit of couplings",
    ),
    "weak_duality": ("mecbopt/_core/tree/relaxation.c: dual_bound", "reduced_cost"),
    "float_sum": ("rounding_margin", "docs/developer/exact-solver.md: taken off for rounding"),
    "rounding_margin": (
        "mecbopt/_core/tree/relaxation.c: BOUND_ROUNDING",
        "docs/developer/exact-solver.md: for rounding",
    ),
    "tree_cover": (
        "mecbopt/certificates/tree.py: TreeCheck",
        "docs/reference/certificate_format.md: split boxes cover",
    ),
    "reduced_cost": (
        "mecbopt/_core/tree/search.c: reduced_cost_box",
        "docs/developer/exact-solver.md: Reduced costs",
    ),
    "farkas": ("mecbopt/_core/tree/relaxation.c: farkas_proves",),
    "propagation": ("mecbopt/_core/tree/propagation.c: mb_propagate",),
    "monotone_limits": ("docs/guide/curve.md: monotone by construction",),
    "information_convex": ("edge", f"{_INDEX}: `information_convex`"),
    "edge": ("vertex_optimum", "mapping_counts", f"{_INDEX}: `edge`"),
    "vertex_optimum": ("mapping_counts", f"{_INDEX}: `vertex_optimum`"),
    "mapping_counts": (f"{_INDEX}: `mapping_counts`",),
    "mapping_counts_free": (f"{_INDEX}: `mapping_counts_free`",),
    "coupling_counts": (f"{_INDEX}: `coupling_counts`",),
    "spreading": ("chain", "coupling_forest", "merging"),
    "chain": (f"{_INDEX}: `chain`", "docs/theory/mathematics.md: Binary Y: chains"),
    "merging": (f"{_INDEX}: `merging`", "docs/theory/mathematics.md: without common randomness"),
    "forest_letters": (
        f"{_INDEX}: `forest_letters`",
        "docs/theory/mathematics.md: without common randomness",
    ),
    "encoder_edge": (f"{_INDEX}: `encoder_edge`", "docs/theory/mathematics.md: without common randomness"),
    "coupling_forest": (f"{_INDEX}: `coupling_forest`", "docs/mec.md: Entropy is strictly concave"),
    "edge_mass": (f"{_INDEX}: `edge_mass`", "docs/mec.md: depends on the set alone"),
    "edge_exchange": (
        "edge_order",
        "mecbopt/_core/mec/grow.c: given > e->edges.most",
        "docs/mec.md: `edge_exchange`",
    ),
    "edge_order": ("mecbopt/_core/mec/grow.c: mec_is_branch", "docs/mec.md: **Corollary (order).**"),
    "residual": (f"{_INDEX}: `residual`", "mecbopt/mec/subsets.py: _remaining_entropy"),
    "profile_bound": ("mecbopt/bounds/profile.py: profile_bound", "docs/mec.md: at every quantile"),
    "majorized": ("majorize_profile",),
    "light_letters": ("mecbopt/_core/mec/bounds.c: levels_of", "docs/mec.md: `light_letters`"),
    "majorize_profile": (
        "mecbopt/_core/mec/bounds.c: mec_profile_bound",
        "docs/mec.md: **Majorize-profile**",
    ),
    "pattern_bound": (
        "mecbopt/_core/mec/bounds.c: mec_pattern_bound_build",
        "docs/mec.md: a Lagrangian dual",
    ),
    "bin_filling": ("mecbopt/_core/mec/bounds.c: whole items of", "docs/mec.md: at most one in part"),
    "price_at_ends": ("mecbopt/_core/mec/bounds.c: tabulate_items", "docs/mec.md: has no interior minimum"),
    "equal_letters": (
        "mecbopt/_core/mec/grow.c: of equal items only the number counts",
        "docs/mec.md: *Equal letters*",
    ),
    "stopping_bound": ("mecbopt/_core/mec/internal.h: layer_least", "docs/mec.md: *Stopping.*"),
    "joins": ("mecbopt/mec/subsets.py: A row joins an open column", "docs/mec.md: ### States and joins"),
    "completeness": ("mecbopt/mec/subsets.py: minimum_entropy_tree", "docs/mec.md: is the minimum"),
    "light_branches": ("mecbopt/mec/subsets.py: largest_light", "docs/mec.md: **Theorem (light branches).**"),
    "chain_value": (f"{_INDEX}: `chain_value`", "docs/theory/mathematics.md: three real numbers"),
}

#: phrase in code or pages -> the lemma, or why there is none
PHRASES: dict[str, str] = {
    "theorem 1": "theorem_1",
    "theorem 2": "theorem_2",
    "theorem 3": "theorem_3",
    "lemma 1": "lemma_1",
    "lemma 2": "lemma_2",
    "low-rate theorem": "low_rate",
    "support lemma": "support",
    "exchange lemma": "exchange",
    "edge lemma": "edge",
    "sign theorem": "sign_theorem",
    "representation lemma": "finite_seed",
    "light-branch theorem": "light_branches",
}
