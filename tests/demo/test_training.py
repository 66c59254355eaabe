"""Training the demo model: the same settings give the same weights, even after an interruption."""

import hashlib
import math
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from whyface.demo import training
from whyface.demo.learning import MarginLoss, rate_factor, vary, verify
from whyface.demo.training import Settings, draw_crop, draw_people, train_demo_model, train_network
from whyface.models.demo_network import load_network

SETTINGS = Settings(
    people=8, photos=4, held_out_people=6, held_out_photos=4, first_person_seed=100, epochs=3, batch=16, scale=10.0
)


def draw_colours(settings, person_seed, photo_seed):
    """Stand in for a photo: four by four fields in the person's own colours, with noise."""
    fields = np.random.default_rng(person_seed).integers(30, 225, (4, 4, 3))
    noise = np.random.default_rng([person_seed, photo_seed]).normal(0, 15, (112, 112, 3))
    return np.clip(fields.repeat(28, axis=0).repeat(28, axis=1) + noise, 0, 255).astype(np.uint8)


def draw_both(folder, settings=SETTINGS):
    people = draw_people(settings, range(100, 108), 4, folder, draw_colours, workers=1)
    return people, draw_people(settings, range(108, 114), 4, folder, draw_colours, workers=1)


def weights_of(network):
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def assert_same_weights(one, other):
    for name, tensor in one.items():
        torch.testing.assert_close(tensor, other[name], rtol=0, atol=0, msg=name)


def test_margin_loss_by_hand():
    loss = MarginLoss(people=2, dimension=2, margin=0.1, scale=10)
    loss.directions.data = torch.tensor([[2.0, 0.0], [0.0, 5.0]])
    # The cosines are 0.6 and 0.8; the margin leaves 0.5 of the first: logits 5 and 8.
    found = loss(torch.tensor([[3.0, 4.0]]), torch.tensor([0]))
    assert found.item() == pytest.approx(math.log(1 + math.exp(3)), abs=1e-5)
    # For the second person they are 6 and 7; the batch's loss is the mean of both.
    both = loss(torch.tensor([[3.0, 4.0], [3.0, 4.0]]), torch.tensor([0, 1]))
    assert both.item() == pytest.approx((found.item() + math.log(1 + math.exp(-1))) / 2, abs=1e-5)


def test_the_rate_rises_linearly_and_falls_along_a_cosine():
    found = [rate_factor(share, 0.2) for share in (0, 0.1, 0.2, 0.6, 1)]
    assert found == pytest.approx([0, 0.5, 1, 0.5, 0])


def test_one_rectangle_is_erased_and_the_given_crops_do_not_change():
    white = np.full((8, 112, 112, 3), 255, np.uint8)
    shown = vary(white, 1.0, np.random.default_rng(0)).numpy()
    assert (white == 255).all()
    for image in shown:
        missing = (image != image[:, :1, :1]).any(axis=0)  # the light is even, and no rectangle reaches this corner
        rows, columns = np.flatnonzero(missing.any(axis=1)), np.flatnonzero(missing.any(axis=0))
        assert 6 <= len(rows) <= 40
        assert 6 <= len(columns) <= 40
        assert missing[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
    whole = vary(white, 0.0, np.random.default_rng(0)).numpy()
    assert (whole == whole[:, :, :1, :1]).all()


def test_half_of_the_crops_are_mirrored_to_the_pixel():
    crops = np.random.default_rng(0).integers(0, 256, (32, 112, 112, 3), np.uint8)
    shown = vary(crops, 0.0, np.random.default_rng(1)).numpy()
    as_they_are, mirrored = (
        [
            np.corrcoef(image.ravel(), crop.transpose(2, 0, 1).ravel())[0, 1]
            for image, crop in zip(shown, c, strict=True)
        ]
        for c in (crops, crops[:, :, ::-1])
    )
    assert 8 < sum(np.greater(mirrored, as_they_are)) < 24
    assert np.maximum(as_they_are, mirrored).min() > 0.9


def test_verification_counts_pairs_and_judges_by_the_other_half():
    apart = np.eye(4, dtype=np.float32).repeat(3, axis=0)
    # Three genuine pairs of each of four people, and as many impostor pairs.
    assert verify(apart, 3, seed=0) == (1.0, 24)
    assert verify(np.ones((12, 1), np.float32), 3, seed=0) == (0.5, 24)
    # If the people of one half all look alike, no threshold fitted on them fits the other half, nor can they be judged.
    half_alike = apart.copy()
    half_alike[:6] = apart[0]
    assert verify(half_alike, 3, seed=0)[0] < 1


def test_drawing_resumes_where_it_was_interrupted(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "PEOPLE_PER_PART", 2)
    whole = draw_people(SETTINGS, range(100, 106), 3, tmp_path, draw_colours, workers=1)
    expected = np.stack([draw_colours(SETTINGS, 100 + row // 3, row % 3) for row in range(18)])
    np.testing.assert_array_equal(whole.take(range(18)), expected)
    paths = sorted(tmp_path.iterdir())
    assert len(paths) == 3
    before = [path.read_bytes() for path in paths]
    paths[0].unlink()
    paths[2].unlink()
    untouched = paths[1].stat().st_mtime_ns
    again = draw_people(SETTINGS, range(100, 106), 3, tmp_path, draw_colours, workers=1)
    assert [path.read_bytes() for path in paths] == before
    assert paths[1].stat().st_mtime_ns == untouched
    np.testing.assert_array_equal(again.take([17, 0]), expected[[17, 0]])


@pytest.mark.slow
def test_two_workers_draw_the_same_as_one(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "PEOPLE_PER_PART", 2)
    parts = []
    for workers in (1, 2):
        draw_people(SETTINGS, range(100, 106), 2, tmp_path / str(workers), draw_colours, workers)
        parts.append({path.name: path.read_bytes() for path in (tmp_path / str(workers)).iterdir()})
    assert len(parts[0]) == 3
    assert parts[0] == parts[1]


def test_a_part_is_complete_or_absent(tmp_path):
    def draw_two(settings, person_seed, photo_seed):
        if person_seed == 102:
            raise RuntimeError("broken off")
        return draw_colours(settings, person_seed, photo_seed)

    with pytest.raises(RuntimeError, match="broken off"):
        draw_people(SETTINGS, range(100, 106), 1, tmp_path, draw_two, workers=1)
    assert not list(tmp_path.iterdir())


def test_a_drawn_crop_depends_only_on_settings_and_seeds():
    kinds = ((1.0, 0, 20, 0.0, 0.0),)
    settings = replace(SETTINGS, poses=kinds, render_px=96)
    crop = draw_crop(settings, 100, 0)
    assert (crop.shape, crop.dtype) == ((112, 112, 3), np.uint8)
    np.testing.assert_array_equal(draw_crop(settings, 100, 0), crop)
    others = [
        draw_crop(settings, 100, 1),
        draw_crop(settings, 101, 0),
        draw_crop(replace(settings, poses=((1.0, 0, 20, 3.0, 0.0),)), 100, 0),  # a detector that errs
        draw_crop(replace(settings, poses=((1.0, 0, 20, 0.0, 1.0),)), 100, 0),  # one that finds nothing
    ]
    assert all((other != crop).mean() > 0.2 for other in others)


def test_the_same_seed_gives_the_same_weights(tmp_path):
    settings = replace(SETTINGS, epochs=1)  # two steps
    photos, held_out = draw_both(tmp_path / "photos")
    runs = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        network, _ = train_network(replace(settings, seed=seed), photos, held_out, tmp_path / name)
        runs.append(weights_of(network))
    assert_same_weights(runs[0], runs[1])
    assert not torch.equal(runs[0]["0.0.weight"], runs[2]["0.0.weight"])


def test_an_interrupted_run_ends_with_the_same_weights(tmp_path, monkeypatch):
    photos, held_out = draw_both(tmp_path / "photos")
    straight, epochs = train_network(SETTINGS, photos, held_out, tmp_path / "straight")
    calls = []

    def break_off(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return verify(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(training, "verify", break_off)
        with pytest.raises(KeyboardInterrupt):
            train_network(SETTINGS, photos, held_out, tmp_path / "broken")
    taken = []
    monkeypatch.setattr(training, "_learn", lambda *a, learn=training._learn: taken.append(a[-1]) or learn(*a))
    resumed, found = train_network(SETTINGS, photos, held_out, tmp_path / "broken")
    assert taken == [1, 2]
    assert_same_weights(weights_of(straight), weights_of(resumed))
    assert [epoch[:3] for epoch in found] == [epoch[:3] for epoch in epochs]
    # Other settings do not resume from its checkpoint.
    train_network(replace(SETTINGS, epochs=1, margin=0.0), photos, held_out, tmp_path / "broken")
    assert taken == [1, 2, 0]


def test_people_who_are_easy_to_tell_apart_are_learned(tmp_path):
    settings = replace(SETTINGS, epochs=8)
    _, epochs = train_network(settings, *draw_both(tmp_path), tmp_path)
    losses = [epoch.loss for epoch in epochs]
    assert losses[-1] < 0.5 * losses[0]
    assert epochs[-1].accuracy > 0.9
    assert epochs[-1].pairs == 72


def test_the_card_states_all_settings_and_describes_the_weights(tmp_path):
    weights, card = tmp_path / "demo.safetensors", tmp_path / "demo.md"
    settings = replace(SETTINGS, epochs=1, age_years=(19, 73))
    train_demo_model(settings, tmp_path / "work", weights, card, draw_colours, workers=1)
    text = card.read_text()
    for name, value in asdict(settings).items():
        assert f"| {name} | {value} |" in text
    assert hashlib.sha256(weights.read_bytes()).hexdigest() in text
    assert "of 8 people" in text and "72 pairs of 6 other" in text
    assert weights.stat().st_size < 2_000_000
    assert load_network(weights)(torch.zeros(1, 3, 112, 112)).shape == (1, 128)


def test_people_who_look_different_are_drawn_again(tmp_path):
    settings = replace(SETTINGS, epochs=1)
    for draw in (draw_colours, draw_colours, lambda *a: 255 - draw_colours(*a)):
        train_demo_model(settings, tmp_path / "work", tmp_path / "w", tmp_path / "c", draw, workers=1)
    assert len(list((tmp_path / "work").iterdir())) == 2
