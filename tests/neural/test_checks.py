"""The checks of an evaluation: each can fail, and says so where it could not; what is compared is alike."""

from __future__ import annotations

import copy
import itertools
import json
import math
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the image model needs PyTorch")

from mecbopt.neural.coding.codec import ImageCodec  # noqa: E402
from mecbopt.neural.config import DataConfig  # noqa: E402
from mecbopt.neural.data.datasets import load_dataset  # noqa: E402
from mecbopt.neural.data.degradations import degradation  # noqa: E402
from mecbopt.neural.data.images import as_float  # noqa: E402
from mecbopt.neural.errors import ConfigError, DatasetError, ModelFileError  # noqa: E402
from mecbopt.neural.evaluation import EvaluationReport, evaluate, judges  # noqa: E402
from mecbopt.neural.evaluation import checks as checks_module  # noqa: E402
from mecbopt.neural.evaluation.distances import critic_distance, frechet, frechet_distance  # noqa: E402
from mecbopt.neural.evaluation.figures import draw_figures  # noqa: E402
from mecbopt.neural.evaluation.information import reconstructor_gain  # noqa: E402
from mecbopt.neural.evaluation.judge_store import JudgeStore  # noqa: E402
from mecbopt.neural.model.classifiers import Ensemble, Judge  # noqa: E402
from mecbopt.neural.training.calibration import calibrated  # noqa: E402

STREAM = "outputs are a function of the stream alone"
SMALL = DataConfig(train_limit=150, test_limit=60, validation_count=100)


def test_few_images_may_cost_the_constant_of_a_stream():
    """Six images of 6 bits: 36 estimated, 48 coded is 33% off and honest; 2% of a large set is not."""
    assert checks_module.coded_as_estimated(48, 36.0).holds is True
    assert checks_module.coded_as_estimated(102_000, 100_000.0).holds is False
    assert checks_module.coded_as_estimated(98_000, 100_000.0).holds is False
    assert checks_module.coded_as_estimated(100_900, 100_000.0).holds is True


def test_a_converse_that_excludes_nothing_is_not_applicable():
    check = checks_module.label_converse
    assert check(0.0, 3.32, 11.6, 0.1).holds is None  # handed the labels at 11.6 bits, it cannot fail
    assert check(0.5, 3.32, 2.0, 0.01).holds is False
    assert check(1.5, 3.32, 2.0, 0.01).holds is True
    check = checks_module.information_below_rate
    assert check(8.0, 0.1, math.log2(359), 11.6, 0.1).holds is None
    assert check(8.0, 0.1, math.log2(359), 6.0, 0.1).holds is False
    assert check(5.0, 0.1, math.log2(359), 6.0, 0.1).holds is True
    assert check(0.0, math.inf, 0.0, 6.0, 0.0).holds is None


def test_a_target_out_of_reach_fails():
    """Asked for 200 bits, got 5.24; asked for .01, got 1.32: both ended with exit code 0."""
    check = checks_module.on_target
    assert check(5.24, 200.0, 0.02, 2000, 10_000, False).holds is False
    assert check(1.32, 0.01, 0.02, 2000, 10_000, False).holds is False
    assert check(8.0, 8.0, 0.02, 2000, 10_000, True).holds is False
    assert check(8.05, 8.0, 0.005, 2000, 10_000, False).holds is True
    assert check(8.4, 8.0, 0.005, 2000, 10_000, False).holds is False
    assert check(3.0, 8.0, 0.0, 2000, 1, False).holds is None


def test_outputs_are_compared_in_grey_levels():
    outputs = torch.rand(4, 1, 3, 3)
    fresh = (outputs * 255.0).round().to(torch.uint8)
    assert checks_module.outputs_of_the_stream(outputs, fresh).holds is True
    assert checks_module.outputs_of_the_stream(outputs, fresh[:3]).holds is False
    assert checks_module.outputs_of_the_stream(outputs, 255 - fresh).holds is False
    assert checks_module.outputs_of_the_stream(outputs, None).holds is None


@pytest.fixture(scope="module")
def dataset():
    return load_dataset(SMALL)


@pytest.fixture(scope="module")
def parts(tiny_model, dataset, tmp_path_factory):
    """(model of this data set, judges, classifiers), all of random weights: enough to be measured."""
    path = tmp_path_factory.mktemp("checks") / "model.safetensors"
    model = replace(tiny_model, record={"dataset": dataset.record}).save(path)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        jury = {name: Judge((1, 8, 8), 10).eval() for name in ("clean1", "clean2", "clean3", "degraded")}
        ensemble = Ensemble((1, 8, 8), 10, 1).eval()
    return model, jury, ensemble


def _evaluate(parts, dataset, **options):
    model, jury, ensemble = parts
    return evaluate(model, dataset, jury, ensemble, **{"steps": 2, "training_pairs": 60, **options})


def test_a_decoder_that_is_handed_the_clean_images_fails(parts, dataset, monkeypatch):
    """A part of the images, decoded from the bytes by a fresh process, is enough to see it."""
    honest = _evaluate(parts, dataset, fresh_images=7)
    assert honest.checks[STREAM] is True
    assert "7 images" in honest.reasons[STREAM]
    monkeypatch.setattr(ImageCodec, "decompress", lambda self, blob: as_float(dataset.test_images))
    cheat = _evaluate(parts, dataset)
    assert "60 images" in cheat.reasons[STREAM]
    assert cheat.mse_truth == 0.0
    assert cheat.checks[STREAM] is False
    assert not cheat.passed
    # The other checks of integers and bits see nothing of it.
    assert cheat.checks["decoded symbols equal the encoder's"] is True
    assert cheat.checks["coded within 1% of estimated, and 96 bits a stream"] is True
    with pytest.raises(ConfigError, match="fresh_images"):
        _evaluate(parts, dataset, fresh_images=0)


def test_a_report_says_what_it_rests_on_and_comes_back(parts, dataset, tmp_path):
    report = _evaluate(parts, dataset, fresh_process=False, judge_record={"epochs": 3.0})
    assert report.checks[STREAM] is None
    assert len(report.judge_accuracies) == 3
    assert report.judge_accuracy == pytest.approx(sum(report.judge_accuracies) / 3)
    assert report.judge_accuracy_deviation == pytest.approx(np.std(report.judge_accuracies, ddof=1))
    critic = report.record["wasserstein_critic"]
    assert (critic["steps"], critic["penalty"], critic["evaluated_on"]) == (2, 10.0, [60, 60])
    assert critic["largest_slope"] >= critic["mean_slope"] > 0.0
    assert report.record["judge"]["epochs"] == 3.0
    assert (report.frechet_images, report.frechet_half_images) == (60, 30)
    assert set(report.reasons) == set(report.checks)
    report.to_json(tmp_path / "e.json")
    assert EvaluationReport.from_json(tmp_path / "e.json") == report
    tree = json.loads((tmp_path / "e.json").read_text())
    for wrong in ({**tree, "images": "many"}, {**tree, "checks": None}, {"images": 3}, [], {**tree, "x": 1}):
        (tmp_path / "wrong.json").write_text(json.dumps(wrong))
        with pytest.raises(DatasetError, match=r"wrong\.json"):
            EvaluationReport.from_json(tmp_path / "wrong.json")


def test_one_test_image_is_evaluated_with_what_is_not_known_left_out(parts, dataset, tmp_path):
    one = replace(dataset, test_images=dataset.test_images[:1], test_labels=dataset.test_labels[:1])
    report = _evaluate(parts, one, fresh_process=False)
    assert (report.frechet, report.frechet_real, report.wasserstein_real) == (None, None, None)
    assert report.infonce_standard_error is None
    report.to_json(tmp_path / "e.json")
    json.loads((tmp_path / "e.json").read_text(), parse_constant=pytest.fail)


def test_the_printed_report_tells_what_fails_from_what_does_not_apply(parts, dataset, capsys):
    from mecbopt.cli.neural_evaluate import _print_report

    one = replace(dataset, test_images=dataset.test_images[:1], test_labels=dataset.test_labels[:1])
    report = _evaluate(parts, one, fresh_process=False)
    _print_report(
        replace(report, checks={"first": True, "second": False, "third": None}, reasons={"third": "void"})
    )
    printed = capsys.readouterr().out
    assert "holds: first" in printed
    assert "FAILS: second" in printed
    assert "not applicable: third (void)" in printed
    assert "unknown" in printed


def test_another_data_set_of_the_same_size_is_refused(parts, dataset):
    other = load_dataset(replace(SMALL, split_seed=1))
    assert other.shape == dataset.shape
    assert other.record["train"] == dataset.record["train"]
    with pytest.raises(DatasetError, match="content"):
        _evaluate(parts, other)


def test_steps_that_are_none_are_refused(parts, dataset):
    with pytest.raises(ConfigError, match="steps"):
        _evaluate(parts, dataset, steps=0)
    with pytest.raises(ModelFileError, match="clean1"):
        evaluate(parts[0], dataset, {"degraded": parts[1]["degraded"]}, parts[2], steps=1)


def test_three_judges_are_trained_until_held_out_images_settle(dataset, monkeypatch):
    monkeypatch.setattr(judges, "_FIRST_STEPS", 2)
    jury, record = judges.train_judges(dataset, degradation("area_x2"))
    assert sorted(jury) == ["clean1", "clean2", "clean3", "degraded"]
    weights = [next(judge.parameters()) for judge in judges.clean_judges(jury)]
    assert not torch.equal(weights[0], weights[1])
    epochs = [passes for passes, _ in record["doublings"]]
    assert len(epochs) >= 2
    assert all(later == 2.0 * former for former, later in itertools.pairwise(epochs))
    assert record["epochs"] == epochs[-1]
    assert record["settled"] == judges._settled(record["doublings"], 100)
    assert set(record["validation_accuracy"]) == {"clean1", "clean2", "clean3"}
    assert judges.judges_fit(record, dataset, degradation("area_x2"))
    assert not judges.judges_fit(record, load_dataset(replace(SMALL, split_seed=1)), degradation("area_x2"))
    assert not judges.judges_fit(record, dataset, degradation("bicubic_x2"))


def test_judges_that_were_stopped_go_on_with_the_next(dataset, monkeypatch, tmp_path):
    """An hour of training was lost with the process that held it."""
    monkeypatch.setattr(judges, "_FIRST_STEPS", 2)
    known = degradation("area_x2")
    whole, record = judges.train_judges(dataset, known)
    store = JudgeStore(tmp_path / "parts", dataset, known, judges.JUDGE_SEED)
    trained, fit = [], judges.fit_classifier

    def stopped(*arguments, **options):
        if len(trained) == len(record["doublings"]) + 1:
            raise KeyboardInterrupt
        trained.append(options["epochs"])
        return fit(*arguments, **options)

    monkeypatch.setattr(judges, "fit_classifier", stopped)
    with pytest.raises(KeyboardInterrupt):
        judges.train_judges(dataset, known, store=store)
    trained.clear()
    resumed, again = judges.train_judges(dataset, known, store=store)
    assert trained == [record["epochs"]] * 2  # the third of the clean ones, and the degraded one
    assert again["doublings"] == record["doublings"]
    for name in whole:
        for one, other in zip(whole[name].parameters(), resumed[name].parameters(), strict=True):
            assert torch.equal(one, other)
    other_seed = JudgeStore(tmp_path / "parts", dataset, known, 1)
    assert other_seed.load("clean1", record["epochs"]) is None
    (tmp_path / "parts" / "clean2.safetensors").write_bytes(b"cut")
    assert store.load("clean2", record["epochs"]) is None
    store.clear()
    assert not (tmp_path / "parts").exists()


def test_training_has_settled_when_a_doubling_gains_less_than_a_standard_error():
    assert not judges._settled([[1.0, 0.5]], 1000)
    assert not judges._settled([[1.0, 0.5], [2.0, 0.6]], 1000)
    assert judges._settled([[1.0, 0.98], [2.0, 0.981]], 1000)
    assert judges._settled([[1.0, 1.0], [2.0, 1.0]], 1000)


@pytest.mark.parametrize("epochs", [math.nan, math.inf, 0.0, -1.0])
def test_epochs_that_are_no_number_are_refused(dataset, epochs):
    with pytest.raises(ConfigError, match="epochs"):
        judges.train_judges(dataset, degradation("area_x2"), epochs)


@pytest.mark.slow
def test_the_judges_of_the_smoke_run_are_judges():
    """By default they read nearly all clean digits; the one of two epochs read .58."""
    data = load_dataset(DataConfig())
    jury, record = judges.train_judges(data, degradation("area_x2"))
    accuracies = [
        float((judge(as_float(data.test_images)).argmax(dim=1) == data.test_labels).double().mean())
        for judge in judges.clean_judges(jury)
    ]
    assert record["settled"] is True
    assert min(accuracies) > 0.95


def test_the_gain_of_a_constant_reconstructor_is_zero_whatever_the_pixels_variances():
    """Per-pixel variances in q0 alone made this -1.3 bits a pixel pair: unlike families were compared."""
    from mecbopt.neural.model.networks import GaussianReconstructor

    generator = torch.Generator().manual_seed(0)
    scale = torch.linspace(0.05, 0.5, 16).reshape(1, 4, 4)
    sources = scale * torch.randn(4000, 1, 4, 4, generator=generator)
    reconstructor = GaussianReconstructor((1, 8, 8), (1, 4, 4), 4)
    with torch.no_grad():
        for parameter in reconstructor.parameters():
            parameter.zero_()
        reconstructor.log_scale.fill_(0.5 * math.log(float(scale.square().mean())))
    gain = reconstructor_gain(reconstructor, sources, sources, torch.zeros(4000, 1, 8, 8))
    assert gain == pytest.approx(0.0, abs=0.05)


def test_frechet_distances_are_of_equal_sizes():
    """Of equal laws all three are the bias of their n: alike for the halves, half of it for the whole."""
    rng = np.random.default_rng(0)
    real, made = rng.normal(size=(101, 3)), rng.normal(size=(101, 3))
    with pytest.raises(DatasetError, match="equal numbers"):
        frechet_distance(real, made[:50])
    assert (frechet(real, made).whole_images, frechet(real, made).half_images) == (101, 50)
    found = [frechet(rng.normal(size=(101, 3)), rng.normal(size=(101, 3))) for _ in range(200)]
    whole, half, baseline = (
        np.mean([getattr(item, key) for item in found]) for key in ("whole", "half", "real")
    )
    assert half == pytest.approx(baseline, rel=0.1)
    assert whole < 0.7 * baseline


def test_an_empty_side_of_w1_is_refused():
    images = torch.rand(4, 1, 8, 8)
    with pytest.raises(DatasetError, match="empty"):
        critic_distance((images, images), (images, images[:0]), seed=0, steps=1)


def test_figures_leave_pyplot_alone(parts, dataset, tmp_path):
    import matplotlib

    report = _evaluate(parts, dataset, fresh_process=False)
    backend = matplotlib.rcParams["backend"]
    matplotlib.use("svg")
    try:
        paths = draw_figures([report, report], None, tmp_path / "figures", "fig")
        assert matplotlib.get_backend() == "svg"
        assert len(paths) == 2
        (tmp_path / "file").write_text("")
        with pytest.raises(DatasetError, match="cannot be made"):
            draw_figures([report], None, tmp_path / "file" / "x", "fig")
    finally:
        matplotlib.use(backend)


@pytest.mark.parametrize(("target", "end"), [(60.0, 4.0), (0.01, 0.25)])
def test_a_calibration_says_that_its_gain_ended_at_the_border(tiny_model, dataset, target, end):
    """Asked for 200 bits, 5.24 came and exit code 0: no gain reaches such a target, above or below."""
    settings = tiny_model.config.updated([f"objective.target_rate={target}", "optimisation.refit_steps=5"])
    model = copy.deepcopy(tiny_model.model)
    sources = degradation("area_x2")(as_float(dataset.train_images), torch.Generator())
    reached = calibrated(model, sources, sources, settings)
    assert reached["gain_at_border"] is True
    assert reached["gain"] == pytest.approx(end, rel=1e-3)
    assert abs(reached["held_out_rate"] - target) > 0.01 * target
    within = settings.updated([f"objective.target_rate={reached['rate_before_calibration']}"])
    assert calibrated(copy.deepcopy(model), sources, sources, within)["gain_at_border"] is False


def test_an_evaluation_fails_where_the_gain_ended_at_its_border(parts, dataset, tmp_path):
    """Even where the rate happens to be the target: the record says that it was not set."""
    model, jury, ensemble = parts
    honest = _evaluate(parts, dataset, fresh_process=False)
    name = "coded rate within 1% of the target"
    config = model.config.updated([f"objective.target_rate={honest.coded_rate}"])
    verdicts = {}
    for border in (False, True):
        record = model.record | {"reached": {"gain_at_border": border}}
        changed = replace(model, config=config, record=record).save(tmp_path / f"{border}.safetensors")
        report = _evaluate((changed, jury, ensemble), dataset, fresh_process=False)
        verdicts[border] = report.checks[name]
        assert ("border" in report.reasons[name]) is border
    assert verdicts == {False: True, True: False}
