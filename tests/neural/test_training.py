"""The training loop: reruns and resumes equal bit for bit, switches, precision, compilation, divergence."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch", reason="the image model needs PyTorch")

from mecbopt.neural import streams  # noqa: E402
from mecbopt.neural.coding.tensor_file import read_tensors, write_tensors  # noqa: E402
from mecbopt.neural.config import Config  # noqa: E402
from mecbopt.neural.data.datasets import load_dataset  # noqa: E402
from mecbopt.neural.data.images import as_float  # noqa: E402
from mecbopt.neural.errors import ConfigError, ModelFileError, TrainingError  # noqa: E402
from mecbopt.neural.model.classifiers import Ensemble  # noqa: E402
from mecbopt.neural.model.coupling import training_noise  # noqa: E402
from mecbopt.neural.objectives.losses import gradient_penalty  # noqa: E402
from mecbopt.neural.objectives.terms import TERMS  # noqa: E402
from mecbopt.neural.training.refit import refit_distance  # noqa: E402
from mecbopt.neural.training.tasks import ImageTask  # noqa: E402
from mecbopt.neural.training.trainer import Trainer  # noqa: E402

TINY = [
    "model.latents=4", "model.width=4", "model.hidden=16", "model.critic_width=4", "model.noise_dimensions=1",
    "optimisation.steps=12", "optimisation.batch_size=8", "optimisation.warmup_steps=4",
    "optimisation.refit_steps=20", "runtime.checkpoint_every=5", "runtime.log_every=1", "data.test_limit=40",
]  # fmt: skip


@pytest.fixture(scope="module")
def parts():
    """(data set, frozen classifiers of random weights)."""
    config = Config().updated(TINY)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        classifiers = Ensemble((1, 8, 8), 10, 2).requires_grad_(False)
    return load_dataset(config.data), classifiers


def _trainer(parts, *overrides, checkpoint=None):
    task = ImageTask(Config().updated([*TINY, *overrides]), *parts)
    return Trainer(task, checkpoint=checkpoint)


def _equal(first, second):
    left, right = first.averaged.state_dict(), second.averaged.state_dict()
    return all(torch.equal(left[name], right[name]) for name in left) and first.history == second.history


def test_a_rerun_is_equal_bit_for_bit_and_another_seed_is_not(parts):
    first, second, other = _trainer(parts), _trainer(parts), _trainer(parts, "runtime.seed=1")
    for trainer in (first, second, other):
        trainer.run()
    assert _equal(first, second)
    assert not _equal(first, other)
    assert all(math.isfinite(value) for entry in first.history for value in entry.values())


def test_training_leaves_the_callers_generator_alone(parts):
    torch.manual_seed(123)
    expected = torch.rand(3)
    torch.manual_seed(123)
    _trainer(parts).run(until=2)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("stop", [1, 7])
def test_a_resumed_run_is_equal_bit_for_bit(parts, tmp_path, stop):
    """Generators, optimisers, averages and multipliers: everything that a step reads is restored."""
    whole = _trainer(parts)
    whole.run()
    interrupted = _trainer(parts, checkpoint=tmp_path / "c.safetensors")
    interrupted.run(until=stop)
    resumed = _trainer(parts, checkpoint=tmp_path / "c.safetensors")
    resumed.restore(tmp_path / "c.safetensors")
    assert resumed.step == stop
    resumed.run()
    assert _equal(whole, resumed)
    assert resumed.loop.state() == whole.loop.state()
    first, second = whole.calibrated_model()[0], resumed.calibrated_model()[0]
    assert torch.equal(first.gain, second.gain)


def test_checkpoints_of_other_settings_and_damaged_ones_are_refused(parts, tmp_path):
    path = tmp_path / "c.safetensors"
    _trainer(parts, checkpoint=path).run(until=2)
    with pytest.raises(ModelFileError, match=r"objective\.target_rate"):
        _trainer(parts, "objective.target_rate=3").restore(path)
    tensors, record, _ = read_tensors(path, KIND)
    missing = {name: value for name, value in tensors.items() if "optimiser.generator.3." not in name}
    write_tensors(tmp_path / "d.safetensors", KIND, missing, record)
    with pytest.raises(ModelFileError, match="optimiser"):
        _trainer(parts).restore(tmp_path / "d.safetensors")
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ModelFileError, match="damaged"):
        _trainer(parts).restore(path)


KIND = "mecbopt-training-checkpoint"


def _record(key, value):
    def change(record, _):
        if value is None:
            record.pop(key)
        else:
            record[key] = value

    return change


def _multiplier(name, pair):
    def change(record, _):
        record["multipliers"][name] = pair

    return change


def _moment(name, value):
    def change(_, tensors):
        tensors[name] = value(tensors[name]) if name in tensors else value(None)

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        *(
            (_record(key, None), f"no {key}")
            for key in ("config", "stage", "multipliers", "history", "seconds")
        ),
        (_record("config", {"model": []}), "settings"),
        (_record("config", "x"), "settings"),
        (_record("stage", -1), "stage is -1"),
        (_record("stage", 2), "stage is 2"),
        (_record("stage", True), "stage is True"),
        (_record("stage", 0.5), "stage is 0.5"),
        (_record("before", "3"), "before"),
        (_record("stage_step", -4), "stage_step"),
        (_record("stage_step", 10**30), "stage_step"),
        (_record("history", {"step": 1}), "history"),
        (_record("history", [3]), "history"),
        (_record("reached", 3), "reached"),
        (_record("seconds", -1.0), "seconds"),
        (_record("multipliers", []), "multipliers.rate"),
        (_multiplier("rate", [0.1]), "multipliers.rate"),
        (_multiplier("rate", [None, 0.1]), "multipliers.rate"),
        (_multiplier("label", [-1.0, None]), "multipliers.label"),
        (_multiplier("label", [1.0, "x"]), "multipliers.label"),
        (_moment("averaged.gain", lambda value: value.double()), "averaged.gain"),
        (_moment("model.foreign", lambda _: torch.zeros(1)), "model.foreign"),
        (_moment("optimiser.generator.0.exp_avg", lambda value: value[:1]), "optimiser.generator.0.exp_avg"),
        (_moment("optimiser.generator.0.exp_avg_sq", lambda value: -value - 1.0), "exp_avg_sq"),
        (_moment("optimiser.generator.0.step", lambda value: value - 100.0), "generator.0.step"),
        (_moment("optimiser.generator.999.step", lambda _: torch.ones(())), "generator.999.step"),
        (_moment("optimiser.critic.0.exp_avg", lambda value: value.double()), "critic.0.exp_avg"),
    ],
)
def test_a_right_digest_makes_no_checkpoint(parts, tmp_path, change, message):
    """Raw errors, negative steps and moments of another shape, which Adam broadcasts, came of it before."""
    path = tmp_path / "c.safetensors"
    _trainer(parts, checkpoint=path).run(until=2)
    tensors, record, _ = read_tensors(path, KIND)
    change(record, tensors)
    write_tensors(path, KIND, tensors, record)
    with pytest.raises(ModelFileError, match=message.replace(".", r"\.")):
        _trainer(parts).restore(path)


def test_a_refused_record_leaves_the_trainer_as_it_was(parts, tmp_path):
    path = tmp_path / "c.safetensors"
    _trainer(parts, checkpoint=path).run(until=4)
    tensors, record, _ = read_tensors(path, KIND)
    write_tensors(path, KIND, tensors, record | {"history": None})
    whole, other = _trainer(parts), _trainer(parts)
    with pytest.raises(ModelFileError, match="history"):
        other.restore(path)
    for trainer in (whole, other):
        trainer.run(until=3)
    assert _equal(whole, other)


def test_moments_that_are_missing_after_some_steps_are_refused(parts, tmp_path):
    """All of them: Adam would start afresh and the run would not be the one that was interrupted."""
    path = tmp_path / "c.safetensors"
    _trainer(parts, checkpoint=path).run(until=2)
    tensors, record, _ = read_tensors(path, KIND)
    kept = {name: value for name, value in tensors.items() if not name.startswith("optimiser.critic.")}
    write_tensors(path, KIND, kept, record)
    with pytest.raises(ModelFileError, match="optimiser's state"):
        _trainer(parts).restore(path)


def test_more_steps_may_be_asked_for_when_resuming(parts, tmp_path):
    path = tmp_path / "c.safetensors"
    _trainer(parts, checkpoint=path).run(until=3)
    longer = _trainer(parts, "optimisation.steps=14")
    longer.restore(path)
    longer.run()
    assert longer.step == 14


def test_without_common_randomness_the_dither_is_zero_and_the_gradient_still_flows(parts):
    trainer = _trainer(parts, "model.common_randomness=false")
    before = [parameter.clone() for parameter in trainer.model.encoder.parameters()]
    trainer.run(until=3)
    moved = [not torch.equal(a, b) for a, b in zip(before, trainer.model.encoder.parameters(), strict=True)]
    assert all(moved)
    model, _ = trainer.calibrated_model()
    assert model.dither_level_count == 1
    assert float(model.dither(torch.zeros(1, dtype=torch.int64))) == 0.0
    source = torch.rand(5, 1, 4, 4)
    levels = torch.zeros(5, 4, dtype=torch.int64)
    assert torch.equal(model.symbols(source, levels), torch.floor(model.latents(source) + 0.5).long())


def test_mixed_precision_trains_and_keeps_weights_in_single_precision(parts):
    trainer = _trainer(parts, "runtime.mixed_precision=bfloat16")
    trainer.run(until=3)
    assert {parameter.dtype for parameter in trainer.model.parameters()} == {torch.float32}
    plain = _trainer(parts)
    plain.run(until=3)
    assert not _equal(trainer, plain)
    assert trainer.history[-1]["rate"] == pytest.approx(plain.history[-1]["rate"], rel=0.1)


# PyTorch itself looks at .grad of inner tensors while capturing a graph.
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor:UserWarning")
def test_compiled_networks_give_the_same_training(parts):
    """Through the graph capture of torch.compile with an eager back end, so that no compiler is needed."""
    compiled, plain = _trainer(parts, "runtime.compile_backend=aot_eager"), _trainer(parts)
    for trainer in (compiled, plain):
        trainer.run(until=2)
    assert set(compiled.model.state_dict()) == set(plain.model.state_dict())
    assert compiled.history[-1]["reconstruction"] == pytest.approx(
        plain.history[-1]["reconstruction"], rel=1e-4
    )


def test_every_weight_of_the_loss_reaches_its_term(parts):
    """Fidelity, label and critic weights change the outcome; a fidelity weight fills its term."""
    base = _trainer(parts)
    base.run(until=3)
    assert base.history[-1]["fidelity"] == 0.0
    for override in ("fidelity_weight=1", "label_weight=9", "critic_weight=9", "reconstruction_weight=3"):
        other = _trainer(parts, f"objective.{override}")
        other.run(until=3)
        assert not _equal(base, other)
        if override.startswith("fidelity"):
            assert other.history[-1]["fidelity"] > 0.0


def test_the_density_knows_the_first_encoder_when_asked(parts):
    """Before any other step: the rate of the first step is near what the finished fit says, not far above."""
    plain, fitted = _trainer(parts), _trainer(parts, "optimisation.prefit_steps=200")
    for trainer in (plain, fitted):
        trainer.run(until=1)
    first, second = plain.history[0]["rate"], fitted.history[0]["rate"]
    assert second < first - 0.5
    rerun = _trainer(parts, "optimisation.prefit_steps=200")
    rerun.run(until=1)
    assert _equal(fitted, rerun)


def test_quasi_random_noise_is_even_in_a_batch_and_uniform_over_batches():
    settings = Config().updated(["model.latents=2", "model.noise_dimensions=1"]).model
    drawn = [
        training_noise(settings, 256, streams.generator(0, "noise", number), quasi_random=True)
        for number in range(50)
    ]
    for noise in drawn[:5]:
        for column in (*noise.uniform.t(), *noise.decoder.t() / 2):
            counts = torch.histc(column, bins=16, min=-0.5, max=0.5)
            assert counts.min() >= 14
            assert counts.max() <= 18
    # A single point moves with the shift: over the batches it is uniform.
    single = torch.stack([noise.uniform[7, 0] for noise in drawn])
    assert single.min() < -0.4
    assert single.max() > 0.4
    assert abs(float(single.mean())) < 0.15
    assert not torch.equal(drawn[0].uniform, drawn[1].uniform)


def test_the_rate_penalty_is_quadratic_about_the_target(parts):
    """Its share of the loss is penalty (rate - target)^2 / (2 target), in bits."""
    trainers = [_trainer(parts), _trainer(parts, "objective.rate_penalty=3")]
    losses = []
    for trainer in trainers:
        loop = trainer.loop
        loop._load()
        draw = {name: slot[0, 0] for name, slot in loop._slots.items() if name != "schedule"}
        inputs = loop.pool.batch(draw, loop.rows), loop._noise(draw)
        half = torch.tensor(0.5)
        losses.append(loop.generator(*inputs, lambda output: output, half, half))
    target = trainers[0].config.objective.target_rate
    rate = float(losses[0][1][list(TERMS).index("rate")])
    expected = 3.0 * (rate - target) ** 2 / (2.0 * target)
    assert (losses[1][0] - losses[0][0]).item() == pytest.approx(expected, rel=1e-3)
    assert expected > 0.01


@pytest.mark.parametrize("limit", [1.0, 5.0])
def test_the_label_penalty_is_quadratic_beyond_the_limit_alone(parts, limit):
    """Its share of the loss is penalty excess^2 / (2 limit): about 3.3 bits are found."""
    options = (f"objective.label_limit={limit}", "objective.critic_weight=0")
    losses = []
    for penalty in (0, 3):
        loop = _trainer(parts, *options, f"objective.label_penalty={penalty}").loop
        loop._load()
        draw = {name: slot[0, 0] for name, slot in loop._slots.items() if name != "schedule"}
        inputs = loop.pool.batch(draw, loop.rows), loop._noise(draw)
        half = torch.tensor(0.5)
        losses.append(loop.generator(*inputs, lambda output: output, half, half))
    label = float(losses[0][1][list(TERMS).index("label")])
    assert 1.0 < label < 5.0
    expected = 3.0 * max(0.0, label - limit) ** 2 / (2.0 * limit)
    assert (losses[1][0] - losses[0][0]).item() == pytest.approx(expected, rel=1e-3)


def test_the_frozen_classifiers_do_not_move(parts):
    before = [parameter.clone() for parameter in parts[1].parameters()]
    _trainer(parts).run(until=2)
    assert all(torch.equal(a, b) for a, b in zip(before, parts[1].parameters(), strict=True))


def test_divergence_is_reported(parts):
    trainer = _trainer(parts)
    with torch.no_grad():
        trainer.model.encoder.head[-1].bias.fill_(float("nan"))
    with pytest.raises(TrainingError, match="not finite"):
        trainer.run()


def test_the_gradient_penalty_of_a_linear_critic_is_known():
    """D(x) = <a, x> has |grad D| = |a| everywhere: the penalty is (|a| - 1)^2, and its gradient is right."""
    critic = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 1, bias=False), torch.nn.Flatten(0))
    with torch.no_grad():
        critic[1].weight.copy_(torch.tensor([[3.0, 0.0, 4.0, 0.0]]))
    penalty = gradient_penalty(critic, torch.rand(6, 1, 2, 2), torch.rand(6, 1, 2, 2), torch.rand(6))
    assert penalty.item() == pytest.approx(16.0, rel=1e-5)
    penalty.backward()
    assert critic[1].weight.grad.reshape(-1).tolist() == pytest.approx([4.8, 0.0, 6.4, 0.0], rel=1e-4)


def test_a_batch_that_does_not_divide_is_named():
    from mecbopt.neural.training.distributed import World

    with pytest.raises(ConfigError, match="multiple"):
        World(0, 3, torch.device("cpu")).rows(8)


def test_a_fresh_critic_watches_and_changes_nothing(parts, tmp_path):
    """Its readings stand in the history at their steps, a resumed run has the same, and no weight moves."""
    watch = ["optimisation.critic_refit_every=5", "optimisation.critic_refit_steps=3", "runtime.log_every=3"]
    plain, whole = _trainer(parts, watch[2]), _trainer(parts, *watch)
    for trainer in (plain, whole):
        trainer.run()
    weights = whole.averaged.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in plain.averaged.state_dict().items())
    found = {entry["step"]: entry["refit_w1"] for entry in whole.history if "refit_w1" in entry}
    assert list(found) == [5, 10]
    assert all(math.isfinite(value) for value in found.values())
    path = tmp_path / "c.safetensors"
    _trainer(parts, *watch, checkpoint=path).run(until=7)
    resumed = _trainer(parts, *watch)
    resumed.restore(path)
    resumed.run()
    assert _equal(whole, resumed)


def test_a_fresh_critic_tells_outputs_of_one_class_from_clean_images(parts):
    """What collapse looks like: far from p_Y, however content the critic of the loop may be."""
    trainer = _trainer(parts)
    sources, clean = trainer.task.calibration_sources(), trainer.task.clean_samples()
    model = trainer.averaged
    labels = parts[0].train_labels
    ones = as_float(clean[0])[labels[: len(clean[0])] == 1][:1]
    model.decoder.forward = lambda inputs: ones.expand(len(inputs), *ones.shape[1:])
    collapsed = refit_distance(model, sources, clean, seed=0, steps=60)
    model.decoder.forward = _Recall(as_float(torch.cat(clean)))
    honest = refit_distance(model, sources, clean, seed=0, steps=60)
    assert collapsed > 1.0
    assert abs(honest) < 0.3 * collapsed


class _Recall:
    """A decoder with exactly the law of some images."""

    def __init__(self, images):
        self.images, self.generator = images, torch.Generator().manual_seed(0)

    def __call__(self, inputs):
        return self.images[torch.randint(0, len(self.images), (len(inputs),), generator=self.generator)]


def test_tensorboard_writes_when_asked(parts, tmp_path):
    pytest.importorskip("tensorboard", reason="TensorBoard is optional")
    trainer = _trainer(parts, "runtime.tensorboard=true", checkpoint=tmp_path / "c.safetensors")
    trainer.run(until=2)
    assert list((tmp_path / "tensorboard").glob("events*"))
