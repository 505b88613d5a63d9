"""The recipe: clusters cost their entropy, parts stay frozen, the reconstructor starts as the degradation."""

from __future__ import annotations

import dataclasses
import math

import pytest

torch = pytest.importorskip("torch", reason="the image model needs PyTorch")

from mecbopt.neural import streams  # noqa: E402
from mecbopt.neural.config import Config, ModelConfig, StageConfig  # noqa: E402
from mecbopt.neural.data.datasets import load_dataset  # noqa: E402
from mecbopt.neural.data.degradations import degradation  # noqa: E402
from mecbopt.neural.errors import ConfigError, ModelFileError  # noqa: E402
from mecbopt.neural.evaluation.couplings import class_coupling  # noqa: E402
from mecbopt.neural.model.classifiers import Ensemble  # noqa: E402
from mecbopt.neural.model.coupling import image_model  # noqa: E402
from mecbopt.neural.model.critics import critic_of  # noqa: E402
from mecbopt.neural.model.decoders import ShuffleDecoder  # noqa: E402
from mecbopt.neural.model.density import UniformDensity  # noqa: E402
from mecbopt.neural.model.encoders import ClusterEncoder, grid_places  # noqa: E402
from mecbopt.neural.model.reconstructors import DegradationReconstructor  # noqa: E402
from mecbopt.neural.presets import preset  # noqa: E402
from mecbopt.neural.training.calibration import calibrated, coded_rate, estimated_rate, raw_latents  # noqa: E402
from mecbopt.neural.training.pipeline import freeze  # noqa: E402
from mecbopt.neural.training.tasks import ImageTask  # noqa: E402
from mecbopt.neural.training.trainer import STAGES, StageKind, Trainer  # noqa: E402

TINY = [
    "optimisation.steps=6", "optimisation.refit_steps=10", "optimisation.batch_size=16", "model.hidden=16",
    "model.style_hidden=16", "model.trunk_width=4", "model.width=4", "model.critic_width=4",
    "model.critic_hidden=8", "runtime.log_every=1",
]  # fmt: skip


def _tiny(*changes):
    """The smoke recipe with a few steps a stage."""
    config = preset("smoke").updated([*TINY, *changes])
    stages = []
    for stage in config.stages:
        short = {"steps": 6, "batch_size": 16} if stage.kind == "train" else {}
        short |= {"prefit_steps": 5} if stage.name == "code" else {}
        stages.append(dataclasses.replace(stage, optimisation=stage.optimisation | short))
    return dataclasses.replace(config, stages=tuple(stages))


@pytest.fixture(scope="module")
def parts():
    config = _tiny()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        classifiers = Ensemble((1, 8, 8), 10, config.optimisation.classifiers).requires_grad_(False)
    return load_dataset(config.data), classifiers


def _trainer(parts, config, checkpoint=None):
    return Trainer(ImageTask(config, *parts), checkpoint=checkpoint)


def test_clusters_two_apart_are_named_by_every_dithered_symbol():
    """|Z + U - place| < 1/2 in each dimension: the nearest place is the cluster, whatever the dither."""
    places = grid_places(10, 2, 2.0)
    uniform = torch.rand(10, 500, 2, generator=torch.Generator().manual_seed(0)) - 0.5
    values = (places[:, None, :] + uniform).reshape(-1, 2)
    nearest = torch.cdist(values, places).argmin(dim=1).reshape(10, 500)
    assert torch.equal(nearest, torch.arange(10)[:, None].expand(10, 500))


def test_hard_places_are_those_of_the_largest_logit_and_soft_ones_lie_between():
    shape, logits = (1, 4, 4), torch.tensor([[0.0, 0.05] + 8 * [-5.0]])
    source = torch.zeros(1, *shape)
    hard, soft = (
        ClusterEncoder(shape, ModelConfig(latents=2, cluster_assignment=kind)) for kind in ("hard", "soft")
    )
    assert torch.equal(hard.assembled(source, logits)[0], hard.places[1])
    between = soft.assembled(source, logits)[0]
    assert float(soft.places[0, 0].detach()) < float(between[0].detach()) < float(soft.places[1, 0].detach())


def test_the_gain_moves_style_and_leaves_clusters():
    settings = ModelConfig(latents=5, encoder="clusters", density="logistic_mixture")
    model = image_model(Config(model=settings), (1, 8, 8), (1, 4, 4))
    before = model.latents(torch.rand(4, 1, 4, 4, generator=torch.Generator().manual_seed(1)))
    model.gain.fill_(3.0)
    after = model.latents(torch.rand(4, 1, 4, 4, generator=torch.Generator().manual_seed(1)))
    assert torch.equal(before[:, :2], after[:, :2])
    assert torch.allclose(3.0 * before[:, 2:], after[:, 2:])
    alone = image_model(Config(model=dataclasses.replace(settings, latents=2)), (1, 8, 8), (1, 4, 4))
    alone.gain.fill_(3.0)
    assert alone.gains.tolist() == [3.0, 3.0]


def test_a_stage_moves_what_it_trains_and_nothing_else(parts):
    trainer = _trainer(parts, _tiny())
    moved = {}
    for name in ("trunk", "code", "calibration", "decoder"):
        before = {key: value.clone() for key, value in trainer.averaged.state_dict().items()}
        number = trainer.number
        while trainer.number == number:
            trainer.advance(1)
        after = trainer.averaged.state_dict()
        changed = {key for key in before if not torch.equal(before[key], after[key])}
        moved[name] = {".".join(key.split(".")[:2]) if key.startswith("encoder") else key.split(".")[0]
                       for key in changed}  # fmt: skip
    assert moved["trunk"] == {"encoder.trunk"}
    assert moved["code"] == {"encoder.style", "density"}
    assert moved["calibration"] <= {"density", "gain"}
    assert "density" in moved["calibration"]
    assert moved["decoder"] == {"decoder", "reconstructor"}


def test_the_stages_hit_their_rate_and_the_record_says_what_the_code_has_lost(parts):
    trainer = _trainer(parts, _tiny("objective.target_rate=5"))
    trainer.run()
    model, reached = trainer.calibrated_model()
    assert reached["held_out_rate"] == pytest.approx(5.0, rel=0.01) or reached["gain_at_border"]
    assert 0.0 < reached["code_source_mse"] < 1.0
    assert all(not parameter.requires_grad for parameter in model.parameters())


def test_a_calibration_sees_the_code_that_the_finished_model_makes(parts):
    """Batch statistics of a trunk were those of the calibration's batches, and were changed by them."""
    trainer = _trainer(parts, _tiny("model.trunk=residual", "objective.target_rate=5"))
    while trainer.number < 3:
        trainer.advance(1)
    before = {name: value.clone() for name, value in trainer.averaged.named_buffers()}
    model, reached = trainer.calibrated_model()
    held_out = trainer.task.calibration_sources()[1]
    passes = max(1, math.ceil(2000 / len(held_out)))
    rate = coded_rate(model, raw_latents(model, held_out), trainer.config.runtime.seed, passes)
    assert reached["held_out_rate"] == pytest.approx(rate, abs=1e-6)
    trainer.reached = None  # as where no stage of the settings calibrates
    again, _ = trainer.calibrated_model()
    for name, value in again.named_buffers():
        assert "running" not in name or torch.equal(value, before[name]), name


class _Given(torch.nn.Module):
    """An encoder whose latents are its sources."""

    def forward(self, source):
        return source.flatten(1)


def test_the_rate_is_set_as_it_will_be_coded():
    """Between two clusters the density asks for far more than tables do: 8 bits came out as 7.5."""
    settings = ModelConfig(latents=3, encoder="clusters", density="logistic_mixture")
    config = Config(model=settings).updated(["objective.target_rate=6", "optimisation.refit_steps=0"])
    generator = torch.Generator().manual_seed(0)

    def sources(count, between):
        """Clusters at -3 and 3 and a style; a share of them where the density has seen none."""
        places = 3.0 * torch.sign(torch.randn(count, 2, generator=generator))
        places[: round(between * count)] = 0.0
        style = 2.0 * torch.randn(count, 1, generator=generator)
        return torch.cat([places, style], dim=1).reshape(count, 1, 1, 3)

    model = image_model(config, (1, 4, 4), (1, 1, 3))
    model.encoder = _Given()
    with torch.no_grad():  # as sharp as one fitted to clusters, and a broad one for the style
        model.density.centres[:2] = torch.tensor([-3.0, 3.0]).repeat(4)
        model.density.log_scales[:2] = math.log(0.02)
    held_out = sources(2000, 0.03)
    reached = calibrated(model.requires_grad_(False), sources(4000, 0.0), held_out, config)
    seed = config.runtime.seed
    assert reached["held_out_rate"] == pytest.approx(6.0, rel=2e-3)
    assert reached["held_out_rate"] == coded_rate(model, raw_latents(model, held_out), seed)
    # By the density alone the same images cost more, and the gain would have been set lower.
    assert estimated_rate(model, held_out, seed) > 7.0


def test_looking_at_latents_leaves_statistics_and_modes_as_they_are(parts):
    """The density is fitted before the first step of a trunk that is being trained, in training mode."""
    trainer = _trainer(parts, _tiny("model.trunk=residual"))
    encoder = trainer.model.encoder
    encoder.train()
    encoder.trunk.body[2].eval()
    before = {name: value.clone() for name, value in encoder.named_buffers()}
    modes = [part.training for part in encoder.modules()]
    sources = trainer.task.calibration_sources()[1]
    whole = raw_latents(trainer.model, sources)
    assert all(torch.equal(value, before[name]) for name, value in encoder.named_buffers())
    assert [part.training for part in encoder.modules()] == modes
    assert torch.allclose(whole[:3], raw_latents(trainer.model, sources[:3]), atol=1e-5)


@pytest.mark.parametrize("stop", [3, 8, 12, 15])
def test_every_stage_is_resumed_bit_for_bit(parts, tmp_path, stop):
    """In the trunk, in the code, between stages, in the decoder."""
    whole = _trainer(parts, _tiny())
    whole.run()
    path = tmp_path / "c.safetensors"
    cut = _trainer(parts, _tiny(), path)
    cut.run(until=stop)
    again = _trainer(parts, _tiny(), path)
    again.restore(path)
    assert again.step == stop
    again.run()
    left, right = whole.averaged.state_dict(), again.averaged.state_dict()
    assert all(torch.equal(left[name], right[name]) for name in left)
    assert whole.history == again.history


def test_a_trunk_is_taken_over_and_a_misfit_is_refused(parts, tmp_path):
    config = _tiny()
    first = _trainer(parts, dataclasses.replace(config, stages=config.stages[:1]), tmp_path / "t.safetensors")
    first.run()
    second = _trainer(parts, dataclasses.replace(config, stages=config.stages[1:]))
    second.start_from(tmp_path / "t.safetensors", "encoder.trunk")
    trunk = second.model.encoder.trunk.state_dict()
    assert all(
        torch.equal(value, trunk[key]) for key, value in first.averaged.encoder.trunk.state_dict().items()
    )
    wider = _trainer(parts, _tiny("model.trunk_width=6"))
    with pytest.raises(ModelFileError, match=r"encoder\.trunk"):
        wider.start_from(tmp_path / "t.safetensors", "encoder.trunk")


def test_a_code_is_taken_over_with_what_its_calibration_reached(parts, tmp_path):
    """Encoder, density and gain are the other run's to the bit; the decoder is trained here."""
    config = _tiny()
    path = tmp_path / "c.safetensors"
    first = _trainer(parts, dataclasses.replace(config, stages=config.stages[:-1]), path)
    first.run()
    second = _trainer(parts, dataclasses.replace(config, stages=config.stages[-1:]))
    second.take_code(path)
    second.run()
    model, reached = second.calibrated_model()
    for part in ("encoder", "density"):
        expected, found = getattr(first.averaged, part).state_dict(), getattr(model, part).state_dict()
        assert all(torch.equal(value, found[name]) for name, value in expected.items()), part
    assert torch.equal(model.gain, first.averaged.gain)
    assert {key: value for key, value in reached.items() if key != "training_seconds"} == first.reached
    assert "code_source_mse" in reached
    moved = second.averaged.decoder.state_dict()
    assert any(
        not torch.equal(value, moved[name]) for name, value in first.averaged.decoder.state_dict().items()
    )


def test_a_code_without_calibration_and_one_of_another_size_are_refused(parts, tmp_path):
    config = _tiny()
    path = tmp_path / "c.safetensors"
    _trainer(parts, dataclasses.replace(config, stages=config.stages[:2]), path).run()
    last = dataclasses.replace(config, stages=config.stages[-1:])
    with pytest.raises(ModelFileError, match="no calibrated code"):
        _trainer(parts, last).take_code(path)
    _trainer(parts, dataclasses.replace(config, stages=config.stages[:3]), path).run()
    with pytest.raises(ModelFileError, match="encoder"):
        _trainer(parts, last.updated(["model.latents=7"])).take_code(path)


def test_unknown_parts_and_kinds_of_stages_are_named(parts):
    for stage, message in (
        (StageConfig("a", trains=("encoder.head",)), "encoder.head"),
        (StageConfig("a", kind="dream"), "stages.kind"),
    ):
        with pytest.raises(ConfigError, match=message):
            _trainer(parts, dataclasses.replace(_tiny(), stages=(stage,))).run(until=1)


def test_the_coupling_of_classes_counts_every_image_once(parts, tmp_path):
    """Rows are the cells of the sources, columns what is read; a model without a trunk has none."""
    trainer = _trainer(parts, _tiny())
    trainer.run()
    frozen = freeze(trainer, trainer.task, tmp_path)
    dataset, reader = parts
    sources = frozen.degradation(dataset.test_images[:50].float() / 255.0)
    counts, rate = class_coupling(frozen, sources, reader)
    cells = frozen.model.encoder.logits(sources).argmax(dim=1)
    assert counts.sum() == 50
    assert counts.sum(axis=1).tolist() == torch.bincount(cells, minlength=10).tolist()
    assert rate > 0.0
    plain = image_model(Config(), (1, 8, 8), (1, 4, 4))
    with pytest.raises(ConfigError, match="class trunk"):
        class_coupling(dataclasses.replace(frozen, model=plain, config=Config()), sources, reader)


def test_a_kind_of_stage_of_ones_own_is_a_registration(parts):
    """It is run in its turn, by name, without a change anywhere else."""
    seen = []

    def noted(trainer, stage, count):
        seen.append((stage.name, trainer.step))
        trainer.number += 1

    STAGES.register("note", StageKind(lambda config: 0, noted))
    config = _tiny()
    stages = (config.stages[0], StageConfig("look", kind="note"), *config.stages[1:])
    trainer = _trainer(parts, dataclasses.replace(config, stages=stages))
    trainer.run()
    assert seen == [("look", 6)]
    assert trainer.step == 18


def test_a_critic_of_cells_compares_within_cells(parts):
    """The clean images of a conditional critic are of the classes of the cells."""
    trainer = _trainer(parts, _tiny())
    while trainer.number < 3:
        trainer.advance(1)
    loop = trainer.loop
    loop._load()
    draw = {name: slot[0, 0] for name, slot in loop._slots.items() if name != "schedule"}
    cells = torch.arange(16) % 10
    clean = loop.pool.clean(draw, loop.rows, cells)
    dataset = parts[0]
    for image, cell in zip(clean, cells, strict=True):
        same = (dataset.train_images.float() / 255.0 == image).flatten(1).all(dim=1)
        assert int(cell) in dataset.train_labels[same].tolist()
    critic = critic_of((1, 8, 8), loop.config.model)
    image = torch.rand(2, 1, 8, 8)
    assert not torch.allclose(critic(image, torch.tensor([0, 0])), critic(image, torch.tensor([1, 1])))
    assert critic(image).shape == (2,)


@pytest.mark.parametrize("name", ["area_x4", "bicubic_x4", "gaussian_20"])
def test_the_reconstructor_starts_as_the_degradation(name):
    item = degradation(name)
    shape = (1, 28, 28)
    reconstructor = DegradationReconstructor(shape, item.output_shape(shape), item.mean)
    image = 0.3 + 0.4 * torch.rand(3, *shape, generator=torch.Generator().manual_seed(2))
    assert torch.allclose(reconstructor(image), item.mean(image), atol=1e-5)
    source = item(image, streams.generator(0, "test"))
    scale, size = 0.2, math.prod(item.output_shape(shape))
    expected = -0.5 * ((source - item.mean(image)) / scale).square().flatten(1).sum(dim=1)
    expected = expected - size * (math.log(scale) + 0.5 * math.log(2 * math.pi))
    assert torch.allclose(reconstructor.log_likelihood(source, image), expected, rtol=1e-3)


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 32, 32), (1, 6, 10), (2, 7, 9)])
def test_the_shuffle_decoder_makes_any_size(shape):
    assert ShuffleDecoder(shape, 5, 8, 16)(torch.zeros(2, 5)).shape == (2, *shape)


def test_the_uniform_density_costs_log2_of_its_levels():
    density = UniformDensity(3, 4)
    values = torch.randint(0, 4, (50, 3)).float()
    assert torch.allclose(density.bits(values), torch.full((50,), 6.0))


@pytest.mark.parametrize(("trunk", "shape"), [("convolutional", (1, 7, 7)), ("residual", (3, 32, 32))])
def test_an_image_is_encoded_alike_in_any_batch_by_clusters(trunk, shape):
    settings = ModelConfig(latents=4, encoder="clusters", trunk=trunk, trunk_width=4, style_hidden=8)
    encoder = ClusterEncoder(shape, settings).eval()
    source = torch.rand(5, *shape, generator=torch.Generator().manual_seed(3))
    encoder.standardise(source)
    with torch.no_grad():
        together = encoder(source)
        alone = torch.cat([encoder(source[i : i + 1]) for i in range(5)])
    assert torch.allclose(together, alone, atol=1e-4)
