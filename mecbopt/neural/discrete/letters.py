"""Letters as a task for the trainer: a discrete source, and the networks at the edges of the model.

A source letter enters as a unit vector, a reconstruction letter leaves as one.  On letters three of the
networks have closed forms or need no hidden layer, and take them: what is left to learn is the code.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from mecbopt.errors import Name
from mecbopt.info import entropy
from mecbopt.neural.config import Config
from mecbopt.neural.errors import ConfigError
from mecbopt.neural.model.coupling import CouplingModel
from mecbopt.neural.model.quantisation import quantised
from mecbopt.neural.objectives.terms import Batch
from mecbopt.neural.training.pool import Draws, Pool
from mecbopt.problem import Problem

__all__ = ["DiscreteTask", "LetterDecoder", "require_trainable", "symbol_rate"]

#: Dither values that the first spread of the letters is judged on.
_SPREAD_DITHERS = 512
#: Factor of the decoder's first weights: a soft decoder ignores the code at first, and falls back to I = 0.
_FIRST_SHARPNESS = 3.0
#: Weight of the newest batch in the running joint law.
_COUNT_SHARE = 0.2


def require_trainable(problem: Problem) -> Problem:
    """The problem, if training can state it: two laws, a rate, and a label for one who sees Y alone.

    Raises
    ------
    ConfigError
        Another member of the family, or a limit on H(S|Y,U): the classifier of the model sees Y, not U.
    """
    stated = {
        "distortion": problem.distortion is not None,
        "constraints": bool(problem.constraints),
        "p_y_tolerance": problem.p_y_tolerance > 0,
        "y_size": problem.p_y is None,
        "min_label_entropy": problem.min_label_entropy is not None,
    }
    for name, given in stated.items():
        if given:
            raise ConfigError(argument=name, found="is unknown to the training", remedy="leave it out")
    if problem.has_label_constraint and problem.label_sees_seed:
        raise ConfigError(
            argument="label_sees_seed",
            value=True,
            found="is True, but the classifier of the model sees Y, not the seed",
            remedy=("give ", Name("label_sees_seed=False")),
        )
    return problem


class LetterEncoder(nn.Module):
    """f(x) as a free table: one latent vector a letter, at random places spread to H(Z|U) = R.

    So the code starts at its target.  From above it would keep the assignment that suits full information,
    and miss an optimum of another kind, such as an antitone one.
    """

    def __init__(self, p_x: NDArray[np.float64], latents: int, rate: float) -> None:
        super().__init__()
        self.table = nn.Linear(len(p_x), latents, bias=False)
        places = torch.rand(latents, len(p_x))
        dither = torch.rand(_SPREAD_DITHERS, latents) - 0.5
        with torch.no_grad():
            self.table.weight.copy_(_spread(places - places.mean(dim=1, keepdim=True), dither, p_x, rate))

    def forward(self, source: Tensor) -> Tensor:
        """Latents, shape (batch, d)."""
        result: Tensor = self.table(source)
        return result


def _spread(places: Tensor, dither: Tensor, p_x: NDArray[np.float64], rate: float) -> Tensor:
    """The places, shape (d, n), scaled by bisection so that H(Z|U) is `rate`, or near H(X) if less."""
    wanted = min(rate, 0.95 * float(entropy(p_x)))
    low, high = 0.0, 64.0
    for _ in range(30):
        middle = 0.5 * (low + high)
        symbols = torch.stack([quantised(middle * place, dither) for place in places.t()], dim=1)
        if symbol_rate(symbols.numpy(), p_x) < wanted:
            low = middle
        else:
            high = middle
    return high * places


def symbol_rate(symbols: NDArray[np.int64], p_x: NDArray[np.float64]) -> float:
    """H(Z|U) of symbols of shape (equally likely seeds, letters, d): the entropy of Z's partition of X."""
    equal = (symbols[:, :, None] == symbols[:, None, :]).all(axis=3)
    # Mass of each letter's class; a class of k letters is counted k times, by its letters' masses.
    masses = equal @ p_x
    return float(-(np.log2(masses) @ p_x).mean())


class LetterDecoder(nn.Module):
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
        layers = (nn.Linear(latents, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, letters))
        self.body = nn.Sequential(layers[0], nn.SiLU(), layers[1], nn.SiLU(), layers[2])
        with torch.no_grad():
            for layer in layers:
                layer.weight.mul_(_FIRST_SHARPNESS)
        self.register_buffer("sharpness", torch.ones(()))

    def logits(self, latents: Tensor) -> Tensor:
        """Logits of p(y | z_hat), shape (batch, letters)."""
        result: Tensor = self.sharpness * self.body(2.0 * latents)
        return result

    def shift(self, amount: Tensor) -> None:
        """Add `amount`, shape (letters,), to the logits for good."""
        with torch.no_grad():
            self.body[-1].get_parameter("bias").add_(amount / self.sharpness)

    def forward(self, inputs: Tensor) -> Tensor:
        """Unit vectors, shape (batch, letters)."""
        soft = torch.softmax(self.logits(inputs[:, :-1]), dim=1)
        threshold = 0.5 * (inputs[:, -1:] + 1.0)
        letter = (soft.detach().cumsum(dim=1)[:, :-1] <= threshold).sum(dim=1)
        hard = functional.one_hot(letter, soft.shape[1]).to(soft.dtype)
        return hard + soft - soft.detach()


class LetterReconstructor(nn.Module):
    """q(x|y) in closed form: the conditional law of the running mean of the joint counts.

    It maximises E log q(X|Y) on these counts, so encoder and decoder never wait for it to learn.
    """

    joint: Tensor

    def __init__(self, letters_y: int, letters_x: int) -> None:
        super().__init__()
        self.register_buffer("joint", torch.full((letters_y, letters_x), 1e-3))

    def log_likelihood(self, source: Tensor, output: Tensor) -> Tensor:
        """Log q(x|y) in nats, shape (batch,), after taking in the batch."""
        with torch.no_grad():
            self.joint.lerp_(output.t() @ source / len(source), _COUNT_SHARE)
            joint = self.joint + 1e-6
            law = torch.log(joint / joint.sum(dim=1, keepdim=True))
        return ((output @ law) * source).sum(dim=1)


class LetterClassifier(nn.Module):
    """c(s|y) in closed form, as the reconstructor's: the conditional law of the running mean of the counts.

    A table that learns by steps lags behind the code, and the excess over C that the limit sees is its own.
    """

    joint: Tensor

    def __init__(self, letters_y: int, letters_s: int) -> None:
        super().__init__()
        self.register_buffer("joint", torch.full((letters_y, letters_s), 1e-3))

    def cross_entropy(self, output: Tensor, label: Tensor) -> Tensor:
        """In nats, shape (batch,), after taking in the batch; `label` is the law of S, shape (batch, s)."""
        with torch.no_grad():
            self.joint.lerp_(output.t() @ label / len(label), _COUNT_SHARE)
            joint = self.joint + 1e-6
            law = torch.log(joint / joint.sum(dim=1, keepdim=True))
        return -((output @ law) * label).sum(dim=1)


class LetterPool:
    """Letters by systematic sampling; the label as its conditional law, so its cross-entropy is exact.

    Equal letters stand together, so that a quasi-random dither is spread evenly over each of them.
    """

    def __init__(self, cumulative: list[Tensor], labels: Tensor, size: int) -> None:
        self._cumulative, self._labels, self._size = cumulative, labels, size

    def draws(self, generator: torch.Generator, steps: int, rounds: int, batch: int) -> Draws:
        """One random start for the sources and one for the letters of p_Y, in double precision."""
        return {"start": torch.rand(steps, rounds, 2, generator=generator, dtype=torch.float64)}

    def _letters(self, draw: Draws, which: int) -> Tensor:
        cumulative = self._cumulative[which]
        points = (torch.arange(self._size, device=cumulative.device) + draw["start"][which]) / self._size
        return torch.searchsorted(cumulative, points).clamp_max(len(cumulative) - 1)

    def batch(self, draw: Draws, rows: slice) -> Batch:
        """Sources as unit vectors."""
        letters = self._letters(draw, 0)[rows]
        source = functional.one_hot(letters, len(self._cumulative[0])).float()
        return Batch(source, self._labels[letters])

    def clean(self, draw: Draws, rows: slice, cells: Tensor | None) -> Tensor:
        """Letters of p_Y as unit vectors."""
        letters = self._letters(draw, 1)[rows]
        return functional.one_hot(letters, len(self._cumulative[1])).float()

    def view(self, draw: Draws, rows: slice, output: Tensor) -> Tensor:
        """Letters are shown as they are."""
        return output


class DiscreteTask:
    """A task for the trainer: letters drawn systematically, so that a batch has nearly the exact shares."""

    def __init__(self, config: Config, problem: Problem) -> None:
        self.config, self.problem = config, require_trainable(problem)
        laws = (problem.p_x, problem.require_p_y())
        self._cumulative = [torch.from_numpy(np.cumsum(law)) for law in laws]
        channel = problem.p_s_given_x
        self._labels = torch.tensor(
            np.ones((len(problem.p_x), 1)) if channel is None else channel, dtype=torch.float32
        )

    def model(self) -> CouplingModel:
        """Tables at both edges, a small network for the decoder."""
        sizes = self.config.model
        n, m = self.problem.shape
        return CouplingModel(
            LetterEncoder(self.problem.p_x, sizes.latents, self.config.objective.target_rate),
            LetterDecoder(sizes.latents, m, sizes.hidden),
            LetterReconstructor(m, n),
            sizes,
        )

    def critic(self) -> nn.Module:
        """A linear critic, since on unit vectors every function is one; it measures |q - p_Y|_2."""
        return nn.Sequential(nn.Linear(self.problem.shape[1], 1, bias=False), nn.Flatten(0))

    def label_model(self) -> nn.Module:
        """The jointly trained classifier."""
        return LetterClassifier(self.problem.shape[1], self._labels.shape[1])

    def heads(self) -> nn.Module | None:
        """None: the code of letters is learned through the decoder."""
        return None

    def pool(
        self,
        config: Config,
        model: CouplingModel,
        device: torch.device,
        trunk_frozen: bool,
        encoder_frozen: bool,
    ) -> Pool:
        """Letters by systematic sampling."""
        size = config.optimisation.batch_size
        return LetterPool([law.to(device) for law in self._cumulative], self._labels.to(device), size)

    def fidelity(self, source: Tensor, reconstruction: Tensor) -> Tensor:
        """Not defined on letters."""
        raise ConfigError("objective.fidelity_weight must be 0 on discrete letters: they have no distance.")

    def calibration_sources(self) -> tuple[Tensor, Tensor]:
        """4,096 letters in nearly exact shares, twice."""
        points = (torch.arange(4096).double() + 0.5) / 4096
        drawn = torch.searchsorted(self._cumulative[0], points).clamp_max(self.problem.shape[0] - 1)
        letters = functional.one_hot(drawn, self.problem.shape[0]).float()
        return letters, letters

    def clean_samples(self) -> tuple[Tensor, Tensor]:
        """Not needed on letters: the law of Y is computed exactly."""
        raise ConfigError("optimisation.critic_refit_every must be 0 on letters: they are no images.")
