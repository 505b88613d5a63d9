"""The same training on discrete letters, where the optimum is known: does it solve the problem it says?

A source letter enters as a unit vector, a reconstruction letter leaves as one.  Quantiser, density, losses,
multipliers, trainer, calibration and tables are those of the image model; only the networks at the edges
differ.
Dither and noise have finitely many values, so the learned scheme *is* a finite mixture of deterministic
mappings, and its coupling, rate and information are computed exactly by going through all of them.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn
from torch.nn import functional

from mecbopt import _validate
from mecbopt.info import conditional_entropy, entropy, mutual_information
from mecbopt.neural import streams
from mecbopt.neural.config import Config, ModelConfig, ObjectiveConfig, OptimisationConfig, RuntimeConfig
from mecbopt.neural.dither import NOISE_LEVELS
from mecbopt.neural.errors import ConfigError
from mecbopt.neural.model import CouplingModel
from mecbopt.neural.objectives import Batch
from mecbopt.neural.tables import CodingTables, build_tables
from mecbopt.neural.training import Trainer
from mecbopt.problem import Mixture

__all__ = ["DiscreteScheme", "DiscreteSource", "discrete_config", "train_discrete"]

_MOST_SEED_VALUES = 1 << 22
#: First distances of neighbouring letters, in turn over the restarts.  From above 1 the code starts with the
#: whole source and is brought down, and keeps the assignment that suits full information; from below it
#: starts near its target and can find another, such as an antitone one.
_SPACINGS = (1.2, 0.5)
#: Factors of the decoder's logits that are tried after training.
_SHARPNESS = (1.0, 2.0, 4.0, 64.0)


@dataclass(frozen=True, eq=False)
class DiscreteSource:
    """A discrete problem: p_X, the wanted p_Y and, optionally, a label channel with its limit C (bits).

    The label constraint is the one without the seed, H(S|Y) <= C: the classifier sees Y alone.
    """

    p_x: NDArray[np.float64]
    p_y: NDArray[np.float64]
    p_s_given_x: NDArray[np.float64] | None = None
    max_label_entropy: float | None = None

    def __post_init__(self) -> None:
        for name in ("p_x", "p_y"):
            object.__setattr__(self, name, _validate.pmf(name, getattr(self, name))[0])
        if (self.p_s_given_x is None) != (self.max_label_entropy is None):
            raise ConfigError("p_s_given_x and max_label_entropy go together: give both or neither.")
        if self.p_s_given_x is not None:
            channel, _ = _validate.row_stochastic("p_s_given_x", self.p_s_given_x, len(self.p_x))
            object.__setattr__(self, "p_s_given_x", channel)


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
    """Settings that suit two or three letters; `model` changes entries of the model's section."""
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
            gradient_penalty=1.0, rate_weight_start=0.02, rate_step=0.02, rate_proportional=2.0,
        ),
        optimisation=OptimisationConfig(
            steps=1500, batch_size=256, critic_steps=1, learning_rate=3e-3, critic_learning_rate=5e-3,
            density_learning_rate=5e-2, ema_decay=0.98, warmup_steps=300, decay_fraction=0.6, refit_steps=600,
        ),
        runtime=RuntimeConfig(seed=seed, threads=1),
    )  # fmt: skip


class _LetterEncoder(nn.Module):
    """f(x) as a free table: one latent vector a letter, at first equally spaced in a random order."""

    def __init__(self, letters: int, latents: int, spacing: float) -> None:
        super().__init__()
        self.table = nn.Linear(letters, latents, bias=False)
        places = torch.stack([torch.randperm(letters) for _ in range(latents)]).float()
        with torch.no_grad():
            self.table.weight.copy_(
                spacing * (places - 0.5 * (letters - 1)) + 0.02 * torch.randn(places.shape)
            )

    def forward(self, source: Tensor) -> Tensor:
        return self.table(source)


class _LetterDecoder(nn.Module):
    """Latents and one noise value -> a unit vector: hard forwards, soft backwards (straight-through).

    The noise picks a letter from p(y | z_hat) through its inverse cumulative distribution (the functional
    representation of a channel), so the decoder is a mapping for each noise value.  Without it, a letter that
    is nowhere the most probable has no gradient, and training was seen to end with dead letters.
    The reconstructor and the classifier must see letters, not probabilities: soft outputs would carry more
    information than the letters that are delivered.

    After training the logits may be multiplied by `sharpness`: a decoder that is sure picks its letter by
    Z_hat alone, which spends the dither on the mixing and leaves the noise unused.
    """

    sharpness: Tensor

    def __init__(self, latents: int, letters: int, hidden: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(latents, hidden),
            nn.SiLU(),
            nn.Linear(hidden, hidden),
            nn.SiLU(),
            nn.Linear(hidden, letters),
        )
        self.register_buffer("sharpness", torch.ones(()))

    def forward(self, inputs: Tensor) -> Tensor:
        soft = torch.softmax(self.sharpness * self.body(2.0 * inputs[:, :-1]), dim=1)
        threshold = 0.5 * (inputs[:, -1:] + 1.0)
        letter = (soft.detach().cumsum(dim=1)[:, :-1] <= threshold).sum(dim=1)
        hard = functional.one_hot(letter, soft.shape[1]).to(soft.dtype)
        return hard + soft - soft.detach()


class _LetterReconstructor(nn.Module):
    """q(x|y) as a free table of logits."""

    def __init__(self, letters_y: int, letters_x: int) -> None:
        super().__init__()
        self.table = nn.Linear(letters_y, letters_x, bias=False)

    def log_likelihood(self, source: Tensor, output: Tensor) -> Tensor:
        return (functional.log_softmax(self.table(output), dim=1) * source).sum(dim=1)


class _LetterClassifier(nn.Module):
    """c(s|y) as a free table of logits, trained jointly: on letters there is nothing to collude in."""

    def __init__(self, letters_y: int, letters_s: int) -> None:
        super().__init__()
        self.table = nn.Linear(letters_y, letters_s, bias=False)

    def cross_entropy(self, output: Tensor, label: Tensor) -> Tensor:
        return functional.cross_entropy(self.table(output), label, reduction="none")


class DiscreteTask:
    """A task for the trainer: letters drawn systematically, so that a batch has nearly the exact shares."""

    def __init__(self, config: Config, source: DiscreteSource, spacing: float = _SPACINGS[0]) -> None:
        self.config, self.source, self.spacing = config, source, spacing
        self._cumulative = [torch.from_numpy(np.cumsum(p)) for p in (source.p_x, source.p_y)]
        labels = np.ones((len(source.p_x), 1)) if source.p_s_given_x is None else source.p_s_given_x
        self._labels = torch.from_numpy(labels).float()

    def model(self) -> CouplingModel:
        """Tables at both edges, a small network for the decoder."""
        sizes = self.config.model
        n, m = len(self.source.p_x), len(self.source.p_y)
        return CouplingModel(
            _LetterEncoder(n, sizes.latents, self.spacing),
            _LetterDecoder(sizes.latents, m, sizes.hidden),
            _LetterReconstructor(m, n),
            sizes,
        )

    def critic(self) -> nn.Module:
        """A small critic on unit vectors."""
        m = len(self.source.p_y)
        return nn.Sequential(nn.Linear(m, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1), nn.Flatten(0))

    def label_model(self) -> nn.Module:
        """The jointly trained classifier."""
        return _LetterClassifier(len(self.source.p_y), self._labels.shape[1])

    def batch(self, number: int) -> Batch:
        """Letters by systematic sampling; the label as its conditional law, so its cross-entropy is exact."""
        size = self.config.optimisation.batch_size
        generator = streams.generator(self.config.runtime.seed, "batch", number)
        letters = []
        for cumulative in self._cumulative:
            points = (torch.arange(size) + torch.rand(1, generator=generator).double()) / size
            drawn = torch.searchsorted(cumulative, points).clamp_max(len(cumulative) - 1)
            letters.append(drawn[torch.randperm(size, generator=generator)])
        source, clean = (
            functional.one_hot(drawn, len(cumulative)).float()
            for drawn, cumulative in zip(letters, self._cumulative, strict=True)
        )
        return Batch(source, self._labels[letters[0]], clean)

    def fidelity(self, source: Tensor, reconstruction: Tensor) -> Tensor:
        """Not defined on letters."""
        raise ConfigError("objective.fidelity_weight must be 0 on discrete letters: they have no distance.")

    def view(self, reconstruction: Tensor, step: int) -> Tensor:
        """Letters are shown as they are."""
        return reconstruction

    def calibration_sources(self) -> tuple[Tensor, Tensor]:
        """4,096 letters in nearly exact shares, twice."""
        points = (torch.arange(4096).double() + 0.5) / 4096
        drawn = torch.searchsorted(self._cumulative[0], points).clamp_max(len(self.source.p_x) - 1)
        letters = functional.one_hot(drawn, len(self.source.p_x)).float()
        return letters, letters


def train_discrete(source: DiscreteSource, config: Config, restarts: int = 1) -> DiscreteScheme:
    """Train `restarts` schemes from different seeds and keep the best by the training objective alone.

    The choice uses what training itself measures (the reconstructor's bound, the rate, the distance of the
    marginal, the label's excess), never the optimum that the scheme is later compared with.
    """
    if config.model.noise_dimensions != 1:
        raise ConfigError(
            f"model.noise_dimensions is {config.model.noise_dimensions}: the decoder of "
            "letters takes exactly 1."
        )
    if not config.model.common_randomness:
        raise ConfigError(
            "model.common_randomness is off, so the noise is private: the scheme is no mixture."
        )
    if source.max_label_entropy is not None:
        config = dataclasses.replace(
            config,
            objective=dataclasses.replace(
                config.objective, label_limit=source.max_label_entropy, label_weight=0.2
            ),
        )
    schemes = []
    for restart in range(restarts):
        runtime = dataclasses.replace(config.runtime, seed=config.runtime.seed + 1000 * restart)
        spacing = _SPACINGS[restart % len(_SPACINGS)]
        trainer = Trainer(DiscreteTask(dataclasses.replace(config, runtime=runtime), source, spacing))
        trainer.run()
        model, _ = trainer.calibrated_model()
        for sharpness in _SHARPNESS:
            model.decoder.sharpness.fill_(sharpness)  # type: ignore[union-attr, operator]
            schemes.append(_evaluated(model, source, config.objective))
    return min(schemes, key=lambda scheme: scheme.training_objective)


@torch.no_grad()
def _evaluated(model: CouplingModel, source: DiscreteSource, objective: ObjectiveConfig) -> DiscreteScheme:
    """Go through all dither and noise values."""
    sizes, n = model.settings, len(source.p_x)
    dither_count, noise_count = model.dither_level_count, NOISE_LEVELS
    seeds = dither_count**sizes.latents * noise_count**sizes.noise_dimensions
    if seeds > _MOST_SEED_VALUES:
        raise ConfigError(
            f"dither and noise have {seeds} values together: use fewer latents, noise dimensions or levels."
        )
    axes = [dither_count] * sizes.latents + [noise_count] * sizes.noise_dimensions
    values = torch.cartesian_prod(*(torch.arange(count) for count in axes))
    levels, noise = values[:, : sizes.latents], values[:, sizes.latents :]
    tables = build_tables(model.density, dither_count, float(model.gain))
    symbols, mappings = [], []
    for letter in range(n):
        unit = functional.one_hot(torch.tensor([letter]), n).float().expand(len(values), n)
        symbol = model.symbols(unit, levels)
        symbols.append(symbol.numpy())
        mappings.append(model.reconstruct(symbol, levels, noise).argmax(dim=1).numpy())
    distinct, index = np.unique(np.stack(mappings, axis=1), axis=0, return_inverse=True)
    weights = np.bincount(index.reshape(-1), minlength=len(distinct)) / len(values)
    mixture = Mixture(distinct, weights)
    coupling = mixture.coupling(source.p_x, len(source.p_y))
    label_entropy = None
    if source.p_s_given_x is not None:
        label_entropy = conditional_entropy(source.p_s_given_x.T @ coupling)
    distance = 0.5 * float(np.abs(coupling.sum(axis=0) - source.p_y).sum())
    information = mutual_information(coupling)
    coded = _coded_rate(tables, symbols, levels.numpy(), source.p_x)
    # A loss in bits: what is missing of I, plus what is out of bounds, at prices that no gain can repay (a
    # bit of rate can buy more than a bit of I: V is not concave).  3% is the accuracy of the target.
    excess = 4.0 * max(0.0, coded - 1.03 * objective.target_rate)
    over = 0.0 if label_entropy is None else max(0.0, label_entropy - (source.max_label_entropy or 0.0))
    return DiscreteScheme(
        mixture=mixture,
        coupling=coupling,
        mutual_information=information,
        coded_rate=coded,
        symbol_rate=_symbol_rate(symbols, source.p_x),
        mapping_rate=mixture.rate(source.p_x),
        label_entropy=label_entropy,
        training_objective=-information + 2.0 * distance + excess + 4.0 * over,
    )


def _coded_rate(
    tables: CodingTables, symbols: list[NDArray[np.int64]], levels: NDArray[np.int64], p_x: ArrayLike
) -> float:
    lengths = np.array([float(tables.bits(symbol, levels).mean()) for symbol in symbols])
    return float(np.asarray(p_x) @ lengths)


def _symbol_rate(symbols: list[NDArray[np.int64]], p_x: NDArray[np.float64]) -> float:
    """H(Z|U): for every dither value, the entropy of the partition of the letters that Z makes."""
    stacked = np.stack(symbols, axis=1)  # (seeds, letters, d)
    partitions = np.array(
        [
            [int(np.all(row == row[x], axis=1).argmax()) for x in range(len(p_x))]
            for row in _unique(stacked)[0]
        ]
    )
    counts = _unique(stacked)[1]
    laws = np.zeros((len(partitions), len(p_x)))
    for law, partition in zip(laws, partitions, strict=True):
        np.add.at(law, partition, p_x)
    return float(counts @ entropy(laws, axis=1) / counts.sum())


def _unique(stacked: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rows, counts = np.unique(stacked, axis=0, return_counts=True)
    return rows, counts
