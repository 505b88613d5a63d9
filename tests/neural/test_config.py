"""Settings: TOML, overrides, and wrong values named."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the image model needs PyTorch")

from mecbopt.neural.config import Config  # noqa: E402
from mecbopt.neural.errors import ConfigError  # noqa: E402
from mecbopt.neural.presets import PRESETS, preset  # noqa: E402
from mecbopt.neural.training.multiplier import Multiplier  # noqa: E402


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("dataset", ["digits", "mnist", "svhn", "npz"])
def test_presets_survive_toml(name, dataset, tmp_path):
    config = preset(name, dataset)
    (tmp_path / "c.toml").write_text(config.to_toml(), encoding="utf-8")
    assert Config.read(tmp_path / "c.toml") == config
    assert Config.from_dict(config.to_dict()) == config


def test_overrides_take_toml_values_and_bare_words():
    config = Config().updated(
        [
            "data.dataset=mnist",
            "model.common_randomness=false",
            "objective.target_rate=4",
            'runtime.device="cuda"',
        ]
    )
    assert config.data.dataset == "mnist"
    assert config.model.common_randomness is False
    assert config.objective.target_rate == 4.0
    assert config.runtime.device == "cuda"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("latents=3", "section.key=value"),
        ("model.latents", "section.key=value"),
        ("model.latent=3", "section model has latents"),
        ("modell.latents=3", "the sections are data"),
        ("model.latents=0", "must be positive"),
        ("model.latents=2.5", "must be of type int"),
        ("model.common_randomness=1", "must be of type bool"),
        ("objective.target_rate=nan", "must be finite"),
        ("objective.target_rate=-1", "must be positive"),
        ("objective.critic_weight=-1", "must not be negative"),
        ("objective.label_training=maybe", "choose one of"),
        ("optimisation.ema_decay=1.0", "below 1"),
        ("optimisation.decay_fraction=1.5", "at most 1"),
    ],
)
def test_wrong_settings_are_named(override, message):
    with pytest.raises(ConfigError, match=message):
        Config().updated([override])


def test_wrong_files_are_named(tmp_path):
    with pytest.raises(ConfigError, match="readable"):
        Config.read(tmp_path / "absent.toml")
    (tmp_path / "bad.toml").write_text("x = [", encoding="utf-8")
    with pytest.raises(ConfigError, match="not TOML"):
        Config.read(tmp_path / "bad.toml")
    (tmp_path / "bad.toml").write_text("model = 3", encoding="utf-8")
    with pytest.raises(ConfigError, match="table"):
        Config.read(tmp_path / "bad.toml")
    with pytest.raises(ConfigError, match="preset"):
        preset("huge")
    with pytest.raises(ConfigError, match="dataset"):
        preset("small", "cifar")


def test_a_multiplier_waits_moves_slowly_and_stays_bounded():
    multiplier = Multiplier(target=8.0, value=0.5, maximum=2.0, step=0.02, proportional=2.0)
    assert multiplier.weight == 0.5
    for _ in range(200):
        multiplier.observe(40.0, active=False)
    assert multiplier.value == 0.5
    multiplier.observe(40.0, active=True)
    assert multiplier.value == pytest.approx(0.5 * 2.718281828**0.02, rel=1e-6)
    for _ in range(500):
        multiplier.observe(40.0, active=True)
    assert multiplier.value == multiplier.weight == 2.0
    for _ in range(2000):
        multiplier.observe(0.0, active=True)
    assert 0.0 < multiplier.value < 1e-3
    assert multiplier.weight == 0.0


def test_dual_ascent_settles_a_sluggish_plant_on_its_target():
    """Rate' = 0.05 (20 exp(-weight) - rate): the loop must settle within 1% without ringing on."""
    multiplier = Multiplier(target=6.0, value=0.05, maximum=20.0, step=0.02, proportional=2.0)
    rate, tail = 20.0, []
    for step in range(3000):
        multiplier.observe(rate, active=step > 100)
        rate += 0.05 * (20.0 * 2.718281828**-multiplier.weight - rate)
        if step > 2500:
            tail.append(rate)
    assert max(abs(value - 6.0) for value in tail) < 0.06
