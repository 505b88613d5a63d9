"""Density and integer tables: laws that sum to 1, tails, exact totals."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the image model needs PyTorch")

from mecbopt.coding.dither import dither_values  # noqa: E402
from mecbopt.coding.errors import TableError  # noqa: E402
from mecbopt.coding.tables import MOST_WIDTH, PRECISION_BITS, CodingTables  # noqa: E402
from mecbopt.neural.coding.tables import build_tables  # noqa: E402
from mecbopt.neural.config import ModelConfig  # noqa: E402
from mecbopt.neural.model.density import DENSITIES, FactorizedDensity, LogisticMixture  # noqa: E402

KINDS = ("monotone", "logistic_mixture")


def _density(kind, dimensions):
    return DENSITIES[kind](ModelConfig(latents=dimensions))


def _perturbed(kind, dimensions, seed):
    density = _density(kind, dimensions)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in density.parameters():
            parameter.add_(0.5 * torch.randn(parameter.shape, generator=generator))
    return density.double().eval()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_the_law_of_a_symbol_sums_to_one_for_every_dither(kind, seed):
    """sum_z c(z + u + 1/2) - c(z + u - 1/2) telescopes to 1."""
    density = _perturbed(kind, 3, seed)
    for dither in (-0.49, 0.0, 0.31):
        values = torch.arange(-400, 401).double().unsqueeze(1).expand(-1, 3) + dither
        total = density.window_probability(values, gain=1.3).sum(dim=0)
        assert torch.allclose(total, torch.ones(3, dtype=torch.double), atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_cumulative_distributions_increase(kind, seed):
    logits = _perturbed(kind, 2, seed).logits(
        torch.linspace(-30, 30, 2001).double().unsqueeze(1).expand(-1, 2)
    )
    assert bool((logits.diff(dim=0) > 0).all())


def test_tails_keep_their_digits():
    """A probability of about e-40 comes out with relative accuracy, on both sides."""
    density = LogisticMixture(1, components=1).double().eval()
    with torch.no_grad():
        density.centres.zero_()
        density.log_scales.zero_()
    values = torch.tensor([[-40.0], [40.0]], dtype=torch.double)
    scale = 1.0 + LogisticMixture._LEAST_SCALE
    exact = np.exp(-39.5 / scale) - np.exp(-40.5 / scale)
    assert density.window_probability(values).reshape(-1).tolist() == pytest.approx([exact, exact], rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_fitting_recovers_the_entropy_of_a_known_law(kind):
    """Gaussian latents of spread 2: the cost tends to h(f + noise), by quadrature, within .02 bits."""
    density = _density(kind, 1)
    optimiser = torch.optim.Adam(density.parameters(), lr=3e-2)
    generator = torch.Generator().manual_seed(0)
    for step in range(400):
        for group in optimiser.param_groups:
            group["lr"] = 3e-2 * (1 - step / 400)
        values = (
            2.0 * torch.randn(1024, 1, generator=generator) + torch.rand(1024, 1, generator=generator) - 0.5
        )
        loss = density.bits(values).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    grid = np.linspace(-14, 14, 28001)
    cumulative = 0.5 * (1 + torch.erf(torch.tensor(grid / 2 / np.sqrt(2)))).numpy()
    law = np.interp(grid + 0.5, grid, cumulative) - np.interp(grid - 0.5, grid, cumulative)
    ideal = -(law * np.log2(np.maximum(law, 1e-300))).sum() * (grid[1] - grid[0])
    values = (
        2.0 * torch.randn(200000, 1, generator=generator) + torch.rand(200000, 1, generator=generator) - 0.5
    )
    with torch.no_grad():
        assert float(density.bits(values).mean()) == pytest.approx(ideal, abs=0.02)


def test_a_mixture_prices_atoms_that_monotone_networks_cannot():
    """Two atoms .46 apart: ideal .46 bits; the mixture comes within .02."""
    density = LogisticMixture(1).eval()
    optimiser = torch.optim.Adam(density.parameters(), lr=5e-2)
    generator = torch.Generator().manual_seed(0)
    atoms = torch.tensor([-0.23, 0.23]).repeat(512).unsqueeze(1)
    for step in range(800):
        for group in optimiser.param_groups:
            group["lr"] = 5e-2 * (1 - step / 800)
        dither = torch.rand(1024, 1, generator=generator) - 0.5
        loss = density.bits(torch.floor(atoms - dither + 0.5) + dither).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    tables = build_tables(density.eval(), 256)
    levels = np.tile(np.arange(256)[:, None], (2, 1))
    latents = np.repeat([-0.23, 0.23], 256)[:, None]
    symbols = np.floor(latents - dither_values(levels, 256) + 0.5).astype(np.int64)
    assert 0.45 < tables.bits(symbols, levels).mean() < 0.48


@pytest.mark.parametrize("kind", KINDS)
def test_tables_hold_the_density_in_exact_integers(kind):
    density = _perturbed(kind, 3, 1).float()
    tables = build_tables(density, 8, gain=1.1)
    assert (tables.dimensions, tables.levels) == (3, 8)
    assert np.all(tables.counts.sum(axis=2, dtype=np.int64) == 2**PRECISION_BITS)
    rng = np.random.default_rng(0)
    symbols = tables.low + rng.integers(0, tables.width, size=(50, 3))
    levels = rng.integers(0, 8, size=(50, 3))
    values = torch.from_numpy(symbols + dither_values(levels, 8))
    with torch.no_grad():
        probability = density.double().window_probability(values, 1.1).numpy()
    counted = tables.counts[np.arange(3), levels, tables.columns(symbols)] / 2**PRECISION_BITS
    assert np.abs(counted - probability).max() < 4 * (tables.width + 1) / 2**PRECISION_BITS


def test_escapes_are_rare_and_priced():
    tables = build_tables(FactorizedDensity(2), 4)
    assert tables.counts[:, :, -1].max() / 2**PRECISION_BITS < 2**-18
    inside, outside = tables.low + 1, tables.low + tables.width + 99
    levels = np.zeros((1, 2), dtype=np.int64)
    cost = tables.bits(outside[None], levels) - tables.bits(inside[None], levels)
    # Twice: escape of at least 18 bits, sign, 13 bits of Elias gamma for 100; less the ordinary cost.
    assert cost[0] > 2 * (18 + 14) - tables.bits(inside[None], levels)[0]


@pytest.mark.parametrize("change", ["zero", "sum", "shape"])
def test_damaged_tables_are_refused(change):
    tables = build_tables(FactorizedDensity(2), 4)
    low, counts = tables.low.copy(), tables.counts.copy()
    if change == "zero":
        counts[0, 0, 1] += counts[0, 0, 0]
        counts[0, 0, 0] = 0
    elif change == "sum":
        counts[1, 2, 0] += 1
    else:
        low = low[:1]
    with pytest.raises(TableError, match="coding tables"):
        CodingTables(low, counts)


def test_rows_have_a_largest_width_and_the_rest_escapes():
    """A row costs its width squared: a wide law is cut around its median, wider tables are refused."""
    density = LogisticMixture(2, components=1).double().eval()
    with torch.no_grad():
        density.centres.copy_(torch.tensor([[700.0], [0.0]]).reshape(density.centres.shape))
        density.log_scales.fill_(np.log(90.0))
    tables = build_tables(density, 4)
    assert tables.width == MOST_WIDTH
    assert abs(int(tables.low[0]) + MOST_WIDTH // 2 - 700) <= 1
    assert abs(int(tables.low[1]) + MOST_WIDTH // 2) <= 1
    rows = np.ones((1, 1, MOST_WIDTH + 2), dtype=np.uint32)
    rows[..., -1] += 2**PRECISION_BITS - rows.sum(dtype=np.uint32)
    with pytest.raises(TableError, match=f"at most {MOST_WIDTH}"):
        CodingTables(np.zeros(1, dtype=np.int64), rows)
