"""The same training on discrete letters, where the optimum is known: does it solve the problem it says?

Quantiser, density, losses, multipliers, trainer, calibration and tables are those of the image model; only
the networks at the edges differ (see `letters`).  Dither and noise have finitely many values, so the learned
scheme *is* a finite mixture of deterministic mappings, and its coupling, rate and information are computed
exactly by going through all of them.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor

from mecbopt.coding.dither import NOISE_LEVELS
from mecbopt.info import conditional_entropy, mutual_information
from mecbopt.neural.coding.tables import build_tables
from mecbopt.neural.config import Config, ModelConfig, ObjectiveConfig, OptimisationConfig, RuntimeConfig
from mecbopt.neural.discrete.letters import DiscreteTask, LetterDecoder, require_trainable, symbol_rate
from mecbopt.neural.errors import ConfigError
from mecbopt.neural.model.coupling import CouplingModel
from mecbopt.neural.training.calibration import set_rate
from mecbopt.neural.training.trainer import Trainer
from mecbopt.problem import Mixture, Problem

__all__ = ["DiscreteScheme", "discrete_config", "train_discrete"]

#: The mixture is found by trying every value of dither and noise: more take too much memory.
_MOST_SEED_VALUES = 1 << 22
#: Factors of the decoder's logits that are tried after training.
_SHARPNESS = (1.0, 4.0, 64.0)


@dataclass(frozen=True, eq=False)
class DiscreteScheme:
    """A learned scheme, evaluated exactly.

    Attributes
    ----------
    mixture : Mixture
        All mappings x -> y over the values of dither and noise, with their probabilities.
    coupling : ndarray, shape (n, m)
    mutual_information : float
        I(X;Y) of the coupling, bits.
    coded_rate : float
        Expected length under the integer tables, bits; at least `symbol_rate`.
    symbol_rate : float
        H(Z|U), bits; at least `mapping_rate`.
    mapping_rate : float
        H(Y|U), bits.
    label_entropy : float or None
        H(S|Y), bits.
    training_objective : float
        The loss of the problem on the training estimate: what restarts are chosen by.
    """

    mixture: Mixture
    coupling: NDArray[np.float64]
    mutual_information: float
    coded_rate: float
    symbol_rate: float
    mapping_rate: float
    label_entropy: float | None
    training_objective: float


def discrete_config(rate: float, seed: int = 0, **model: Any) -> Config:
    """Settings that suit two or three letters; `model` changes entries of the model's section.

    I(X;Y) grows convexly with the share of a code in a mixture, so the rate is held by a quadratic penalty
    beside its multiplier; the density knows the first code from the first step on; and batches are large and
    evenly spread, because near I = 0 the gradient of I is smaller than the noise of a random batch.
    A limit on the label has a penalty too, and a slow multiplier: codes start far beyond the limit, and a
    multiplier as quick as the rate's rose from .2 to 6 in 70 steps and lost the code to the label.
    """
    sizes: dict[str, Any] = {
        "density": "logistic_mixture",
        "latents": 1,
        "noise_dimensions": 1,
        "dither_levels": 256,
        "hidden": 32,
        "width": 1,
        "critic_width": 1,
    } | model
    return Config(
        model=ModelConfig(**sizes),
        objective=ObjectiveConfig(
            target_rate=rate, critic_weight=4.0, label_weight=0.0, label_training="joint",
            gradient_penalty=1.0, rate_weight_start=0.5, rate_step=0.2, rate_proportional=0.0,
            rate_penalty=10.0, label_step=0.05, label_penalty=20.0,
        ),
        optimisation=OptimisationConfig(
            steps=800, batch_size=1024, critic_steps=3, learning_rate=1e-2, critic_learning_rate=1e-1,
            density_learning_rate=5e-2, ema_decay=0.98, warmup_steps=0, decay_fraction=0.6,
            prefit_steps=300, refit_steps=600, quasi_random=True,
        ),
        runtime=RuntimeConfig(seed=seed, threads=1),
    )  # fmt: skip


def train_discrete(problem: Problem, config: Config, restarts: int = 1) -> DiscreteScheme:
    """Train `restarts` schemes from different seeds and keep the best by the training objective alone.

    The choice uses what training itself measures (the information, the rate, the distance of the marginal,
    the label's excess), never the optimum that the scheme is later compared with.

    Parameters
    ----------
    problem : Problem
        Its laws, and its label for a classifier that does not see the seed; the rate is the config's.
    config : Config
    restarts : int

    Raises
    ------
    ConfigError
        A problem or a setting that makes no sense on letters.
    """
    require_trainable(problem)
    if config.model.noise_dimensions != 1:
        raise ConfigError(
            f"model.noise_dimensions is {config.model.noise_dimensions}: the decoder of "
            "letters takes exactly 1."
        )
    if not config.model.common_randomness:
        raise ConfigError(
            "model.common_randomness is off, so the noise is private: the scheme is no mixture."
        )
    values = config.model.dither_levels**config.model.latents * NOISE_LEVELS
    if values > _MOST_SEED_VALUES:
        raise ConfigError(f"dither and noise have {values} values together: use fewer latents or levels.")
    if problem.max_label_entropy is not None:
        config = dataclasses.replace(
            config,
            objective=dataclasses.replace(
                config.objective, label_limit=problem.max_label_entropy, label_weight=0.05
            ),
        )
    schemes = []
    for restart in range(restarts):
        runtime = dataclasses.replace(config.runtime, seed=config.runtime.seed + 1000 * restart)
        schemes += _trained(problem, dataclasses.replace(config, runtime=runtime))
    return min(schemes, key=lambda scheme: scheme.training_objective)


def _trained(problem: Problem, config: Config) -> list[DiscreteScheme]:
    """Train once; a scheme for each sharpness of the decoder."""
    trainer = Trainer(DiscreteTask(config, problem))
    trainer.run()
    model, _ = trainer.calibrated_model()
    set_rate(model, config.objective.target_rate, lambda: _estimated_rate(model, problem))
    schemes = []
    for sharpness in _SHARPNESS:
        _set_marginal(model, problem, sharpness)
        schemes.append(_evaluated(model, problem, config.objective))
    return schemes


def _seed_values(model: CouplingModel) -> Tensor:
    """All values of the dither, shape (count, d)."""
    level = torch.arange(model.dither_level_count)
    return torch.cartesian_prod(*[level] * model.settings.latents).reshape(-1, model.settings.latents)


def _symbols(model: CouplingModel, levels: Tensor, letters: int) -> Tensor:
    """Z of every letter under every dither, shape (count, letters, d)."""
    units = torch.eye(letters)
    return torch.stack([model.symbols(unit.expand(len(levels), -1), levels) for unit in units], dim=1)


@torch.no_grad()
def _estimated_rate(model: CouplingModel, problem: Problem) -> float:
    """Mean of -log2 P(Z|U) by the density over all letters and dithers, bits."""
    levels = _seed_values(model)
    symbols = _symbols(model, levels, len(problem.p_x))
    bits = [float(model.bits(symbols[:, x], levels).mean()) for x in range(len(problem.p_x))]
    return float(problem.p_x @ bits)


@torch.no_grad()
def _set_marginal(model: CouplingModel, problem: Problem, sharpness: float) -> None:
    """Give the decoder that sharpness, and shift its logits so that Y has the law p_Y.

    The counterpart of `set_rate`.  With q(b) the law of Y under logits shifted by b,
    q(b) - p_Y is the gradient of the convex function E logsumexp(logits + b) - p_Y b, which is minimised.
    """
    decoder, levels = model.decoder, _seed_values(model)
    if not isinstance(decoder, LetterDecoder):
        raise TypeError("the marginal is set on decoders of letters alone.")
    decoder.sharpness.fill_(sharpness)
    symbols = _symbols(model, levels, len(problem.p_x)).flatten(0, 1)
    values = model.values(symbols, levels.repeat_interleave(len(problem.p_x), dim=0))
    logits = decoder.logits(values).double()
    weights = torch.tensor(problem.p_x).repeat(len(levels)) / len(levels)
    wanted = torch.tensor(problem.require_p_y())

    def excess(shift: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        shifted = logits + torch.from_numpy(shift)
        value = weights @ torch.logsumexp(shifted, dim=1) - wanted @ torch.from_numpy(shift)
        return float(value), (weights @ torch.softmax(shifted, dim=1) - wanted).numpy()

    shift = minimize(excess, np.zeros(problem.shape[1]), jac=True, method="BFGS").x
    decoder.shift(torch.from_numpy(shift).float())


@torch.no_grad()
def _evaluated(model: CouplingModel, problem: Problem, objective: ObjectiveConfig) -> DiscreteScheme:
    """Go through all dither and noise values."""
    n, m = problem.shape
    levels, noise = _seed_values(model), torch.arange(NOISE_LEVELS)
    symbols = _symbols(model, levels, n)
    tables = build_tables(model.density, model.dither_level_count, model.gains)
    lengths = [float(tables.bits(symbols[:, x].numpy(), levels.numpy()).mean()) for x in range(n)]
    coded = float(problem.p_x @ lengths)
    each = [part.repeat_interleave(len(noise), dim=0) for part in (levels, symbols)]
    noise = noise.repeat(len(levels))[:, None]
    # The number of a mapping: its values as digits to the base m.
    number = np.zeros(len(noise), dtype=np.int64)
    for letter in range(n):
        number = number * m + model.reconstruct(each[1][:, letter], each[0], noise).argmax(dim=1).numpy()
    distinct, counts = np.unique(number, return_counts=True)
    mixture = Mixture(distinct[:, None] // m ** np.arange(n)[::-1] % m, counts / len(number))
    coupling = mixture.coupling(problem.p_x, m)
    label_entropy = None
    if problem.p_s_given_x is not None:
        label_entropy = conditional_entropy(problem.p_s_given_x.T @ coupling)
    distance = 0.5 * float(np.abs(coupling.sum(axis=0) - problem.require_p_y()).sum())
    information = mutual_information(coupling)
    # A loss in bits: what is missing of I, plus what is out of bounds, at prices that no gain can repay (a
    # bit of rate can buy more than a bit of I: V is not concave).  3% is the accuracy of the target.
    excess = 4.0 * max(0.0, coded - 1.03 * objective.target_rate)
    over = 0.0 if label_entropy is None else max(0.0, label_entropy - (problem.max_label_entropy or 0.0))
    return DiscreteScheme(
        mixture=mixture,
        coupling=coupling,
        mutual_information=information,
        coded_rate=coded,
        symbol_rate=symbol_rate(symbols.numpy(), problem.p_x),
        mapping_rate=mixture.rate(problem.p_x),
        label_entropy=label_entropy,
        training_objective=-information + 2.0 * distance + excess + 4.0 * over,
    )
