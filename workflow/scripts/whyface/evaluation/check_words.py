"""What the checks of a pair list are called, and what it means if they find something."""

from typing import NamedTuple

from whyface.lists.file_checks import LEAST_PX


class Check(NamedTuple):
    """What a check counts, and what follows from it; `{}` is the class of pairs, where it has one."""

    title: str
    meaning: str


_LOOK = "A label or a name is wrong: one photo is not of two people."
_MAYBE = "Look at them: if they are one photo, a label or a name is wrong."
_SEEN = (
    "The threshold and the confidence were fitted on data that include them, "
    "so the figures are not fully out of sample."
)
_REFERENCE = (
    "A threshold and a confidence fitted on that dataset have seen them: such figures are not fully out of sample."
)
# In the order of the page.
CHECKS: dict[str, Check] = {
    "pairs_with_both_labels": Check(
        "Pairs listed as genuine and as impostor", "One of the two labels is wrong, and one of the two counts an error."
    ),
    "impostors_of_one_file": Check("Impostor pairs of one photo", _LOOK),
    "impostors_joined_by_genuine": Check(
        "Impostor pairs that genuine pairs contradict",
        "A chain of genuine pairs leads from one image to the other: both show one person, or a label is wrong.",
    ),
    "genuine_of_two_people": Check(
        "Genuine pairs of two names", "The label or a name is wrong, or the folders are not named after people."
    ),
    "impostors_of_one_person": Check(
        "Impostor pairs of one name", "The label or a name is wrong, or the folders are not named after people."
    ),
    "duplicate_files_of_two_people": Check("Images whose file is somebody else’s too", _LOOK),
    "pairs_in_two_folds": Check("Pairs in two folds or more", _SEEN),
    "images_in_two_folds": Check("Images in two folds or more", _SEEN),
    "people_in_two_folds": Check("People in two folds or more", _SEEN),
    "pairs_of_unfolded_in_folds": Check("Pairs without a fold that are in a fold too", _SEEN),
    "images_of_unfolded_in_folds": Check("Images of pairs without a fold that are in a fold too", _SEEN),
    "people_of_unfolded_in_folds": Check("People of pairs without a fold who are in a fold too", _SEEN),
    "pairs_in_reference": Check("Pairs that are in the reference dataset too", _REFERENCE),
    "images_in_reference": Check("Images that are in the reference dataset too", _REFERENCE),
    "people_in_reference": Check("People who are in the reference dataset too", _REFERENCE),
    "one_class_folds": Check("Folds of one class", "Such a fold has no threshold of its own, and no accuracy."),
    "pairs_of_one_image": Check("Pairs of an image with itself", "Their distance is 0, whatever the model."),
    "pairs_of_one_file": Check("Pairs of one file under two names", "Their distance is 0, whatever the model."),
    "pairs_listed_twice": Check("Pairs that repeat another", "In the same or the other order. They are counted twice."),
    "duplicate_files": Check(
        "Images whose file is there under another name too",
        "They are one photo, and recur more often than it seems. Files of two people are not counted here.",
    ),
    "unreadable_images": Check("Unreadable images", "Their pairs have no distance and no decision."),
    "tiny_images": Check(
        f"Images too small to show a face of {LEAST_PX} px", "The detector looks for no smaller face, so it finds none."
    ),
    "impostors_of_near_duplicates": Check("Impostor pairs of images that look the same", _MAYBE),
    "near_duplicates_of_two_people": Check("Images that look the same as somebody else’s", _MAYBE),
    "pairs_of_near_duplicates": Check(
        "Pairs of images that look the same", "Probably one photo at two sizes or qualities, so they are too easy."
    ),
    "near_duplicates": Check(
        "Images that look the same as another",
        "Probably one photo at two sizes or qualities, somebody else’s included. Crops are not found.",
    ),
    "names_in_reference": Check(
        "Names that occur in the reference dataset too",
        "That is another collection, where a name may stand for somebody else.",
    ),
    "known_label_errors": Check("Pairs whose label is known to be wrong", "Flagged, and still counted as labelled."),
    "unlabelled": Check("Pairs without a label", "They are decided, but no error rate counts them."),
    "images_without_person": Check(
        "Images without a name", "Each counts as a person of its own, so intervals may be too narrow."
    ),
    "folds": Check("Folds", "Too few for cross-validation: the threshold comes from a reference dataset."),
    "pairs_without_fold": Check(
        "Pairs without a fold", "Their threshold comes from the reference dataset, or else from all folds together."
    ),
    "genuine_share": Check("Genuine among labelled pairs", "Far from half, so read FMR and FNMR, not accuracy."),
    "genuine_share_range": Check(
        "Share of genuine pairs, difference between folds", "Accuracies of such folds do not compare."
    ),
    "fold_size_ratio": Check(
        "Largest fold over smallest", "The accuracy is a mean over folds, in which pairs of small folds weigh more."
    ),
    "image_uses_max": Check("{} that the most frequent image is in", "A few images sway the figures."),
    "person_uses_max": Check("{} that the most frequent person is in", "A few people sway the figures."),
    "accuracy_pairs_apart": Check("Labelled pairs that share nobody", "With fewer than 10, accuracy has no interval."),
    "fnmr_pairs_apart": Check("Genuine pairs that share nobody", "With fewer than 10, FNMR has no interval."),
    "fmr_pairs_apart": Check("Impostor pairs that share nobody", "With fewer than 10, FMR has no interval."),
    "group_size_ratio": Check("Largest over smallest group of {}", "Groups do not have the same chance."),
    "group_genuine_range": Check(
        "Share of genuine pairs, difference between groups of {}",
        "Compare FMR and FNMR of these groups, not their accuracy.",
    ),
}
SHARES = ("genuine_share", "genuine_share_range", "group_genuine_range")
RATIOS = ("fold_size_ratio", "group_size_ratio")
MEASURED = (*SHARES, *RATIOS, "image_uses_max", "person_uses_max", "folds")  # never "none found"
