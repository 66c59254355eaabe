"""People, photos and heads, before any pixel is drawn."""

import dataclasses

import numpy as np
import pytest

from whyface.demo.people.head import arrange, grid, shape_skull
from whyface.demo.people.people import PARAMETERS, PARTS, draw_person, exchange, grow_older, look_alike, part_of
from whyface.demo.people.photos import COVERS, draw_photo
from whyface.demo.people.render import CARDS


def test_a_seed_is_a_person():
    assert draw_person(3) == draw_person(3)
    assert all(draw_person(3)[name] != draw_person(4)[name] for name in PARAMETERS)


def test_a_person_has_at_least_25_numbers_of_shape_and_some_of_colour():
    assert len(PARAMETERS) >= 25
    assert {"skin_melanin", "hair_darkness", "iris_darkness", "skin_freckles", "mole_1_x", "beard"} <= set(
        draw_person(0)
    )


def test_people_vary_as_stated():
    people = [draw_person(seed) for seed in range(400)]
    for name, parameter in PARAMETERS.items():
        values = np.array([person[name] for person in people])
        assert abs(values.mean() - parameter.mean) < 0.25 * parameter.spread
        assert 0.8 * parameter.spread < values.std() < 1.1 * parameter.spread


def test_a_look_alike_lies_between_the_two():
    person, other = draw_person(1), draw_person(2)
    assert look_alike(person, 2, 0.0) == other
    assert look_alike(person, 2, 1.0) == pytest.approx(person)
    half = look_alike(person, 2, 0.5)
    assert half["nose_length"] == pytest.approx((person["nose_length"] + other["nose_length"]) / 2)


def test_growing_older_moves_the_shape_and_keeps_the_colours():
    person, other = draw_person(1), draw_person(2)
    older = grow_older(person, 2, 0.25)
    for name in person:
        share = 0.25 if name in PARAMETERS else 0
        assert older[name] == pytest.approx(person[name] + share * (other[name] - person[name]))


@pytest.mark.parametrize("part", PARTS)
def test_exchange_takes_one_part_and_leaves_the_rest(part):
    person, other = draw_person(1), draw_person(2)
    mixed = exchange(person, other, part)
    for name in person:
        assert mixed[name] == (other if part_of(name) == part else person)[name]
    assert any(mixed[name] != person[name] for name in person)


def test_exchange_refuses_an_unknown_part():
    with pytest.raises(ValueError, match="part 'skull' is unknown, known are brows, eyes"):
        exchange(draw_person(1), draw_person(2), "skull")


def test_exchanging_hair_keeps_its_colour_because_brows_share_it():
    assert part_of("hair_darkness") != "hair"


def test_photos_stay_within_their_ranges():
    photos = [draw_photo(5, number, yaw_deg=(-90, -70), age_years=(30, 40)) for number in range(50)]
    assert all(-90 <= photo.yaw_deg <= -70 and 30 <= photo.age_years <= 40 for photo in photos)
    assert len({photo.seed for photo in photos}) == 50
    assert photos[7] == draw_photo(5, 7, yaw_deg=(-90, -70), age_years=(30, 40))


def test_every_region_that_can_be_covered_has_a_card():
    assert set(COVERS) == set(CARDS)


def test_the_skull_is_symmetric_and_as_high_as_the_person_says():
    person = draw_person(8)
    points = shape_skull(person, *grid(81, 40), age=0.0)
    assert points[1].min() == pytest.approx(-person["skull_height"])
    assert points[1].max() == pytest.approx(person["chin_height"])
    # Columns 20 - k and 20 + k are at opposite longitudes.
    np.testing.assert_allclose(points[0, :, 1:20], -points[0, :, :20:-1], atol=1e-12)
    np.testing.assert_allclose(points[1:, :, 1:20], points[1:, :, :20:-1], atol=1e-12)


def test_age_thins_lips_and_lengthens_the_nose():
    person, photo = draw_person(8), draw_photo(8, 0)
    young, old = (arrange(person, dataclasses.replace(photo, age_years=years)) for years in (25, 75))
    assert (young.age, old.age) == (0, 1)
    assert old.lip_upper == pytest.approx(0.5 * young.lip_upper)
    assert old.tip_y - old.nasion_y == pytest.approx(1.11 * (young.tip_y - young.nasion_y))
