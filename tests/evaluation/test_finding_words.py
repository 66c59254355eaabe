"""What an examination found, as the log says it: in words, with numbers that people can read."""

from whyface.evaluation.finding_words import log_lines, value_of, whole
from whyface.lists.findings import FAULT, NOTE, OK, Finding


def lines(*findings):
    return list(log_lines("mine", [one._asdict() for one in findings]))


def test_a_line_names_the_dataset_the_finding_how_many_of_how_many_and_examples():
    assert lines(
        Finding("image_uses_max", 1200.0, 40, NOTE, "a (1200)", group="impostor"),
        Finding("people_in_two_folds", 3.0, 1200, FAULT, "Ann (folds 0, 3); Bob (folds 1, 2)"),
        Finding("pairs_listed_twice", 0.0, 1200, OK),
        Finding("group_size_ratio", 2.5, 2, NOTE, group="age"),
    ) == [
        "mine: fault: people in two folds or more: 3 of 1,200: Ann (folds 0, 3); Bob (folds 1, 2)",
        "mine: note: impostor pairs that the most frequent image is in: 1,200: a (1200)",
        "mine: note: largest over smallest group of age: 2.5 times",
    ]


def test_small_groups_are_one_line_with_ten_of_them():
    small = [Finding("group_genuine", 3, 60, NOTE, group=f"age={place:02d}") for place in range(24)]
    more = [Finding("group_impostor", 3, 60, NOTE, group="age=00"), Finding("group_genuine", 90, 99, group="age=99")]
    (line,) = lines(*small, *more)
    assert line.startswith(
        "mine: note: 24 groups have fewer than 30 pairs of a class: age=00 (genuine and impostor); age=01 ("
    )
    assert line.endswith("age=09 (genuine); and 14 more") and line.count("age=") == 10
    assert lines(small[0]) == ["mine: note: 1 group has fewer than 30 pairs of a class: age=00 (genuine)"]
    assert lines(more[1]) == []


def test_pairs_that_share_nobody_are_whole():
    assert [whole(pairs) for pairs in (4.999999999999998, 5.0, 5.9, 0.5)] == [5, 5, 5, 0]
    assert lines(Finding("fmr_pairs_apart", 4.999999999999998, 10, NOTE)) == [
        "mine: note: impostor pairs that share nobody: 5"
    ]


def test_shares_are_percentages_of_which_only_all_is_100():
    shares = [value_of(Finding("genuine_share", value, 9)._asdict()) for value in (0.81234, 0.99999, 1.0)]
    assert shares == ["81.2 %", "99.9 %", "100.0 %"]
