import numpy as np
import pytest

from rnnauto.errors import RecipeError
from rnnauto.recipe import Space
from rnnauto.search.space import check_wanted, filling_choices, nearest, usual_choices


def choices(space, length=20, *, sequences=200, tokens=False):
    return usual_choices(space, np.full(sequences, length), tokens=tokens)


def test_the_recipe_decides_what_may_be_chosen_from():
    space = Space(cell=("lstm",), units=(8,), dropout=(0.2,), clip_norm=("off",))
    found = choices(space)
    assert found["cell"] == ("lstm",)
    assert found["units"] == (8,)
    assert found["dropout"] == (0.2,)
    assert found["clip_norm"] == ("off",)
    of_others = {"token_dropout", "lookback", "scaling", "transform", "differencing", "frame"}
    assert set(found) == set(Space.model_fields) - of_others - {
        "attention",
        "optimizer",
        "label_smoothing",
        "weight_drop",
        "augment",
        "repeats",
        "convolution",
        "ngrams",
        "own_scale",
        "vectors",
        "filling",
    }


@pytest.mark.parametrize(
    ("length", "patches"),
    [
        (1, (1,)),
        (9, (1,)),
        (20, (1, 2)),  # at most a tenth of the median length
        (50, (1, 2, 5)),
        (80, (1, 2, 5)),
        (81, (2, 5)),  # not more than 80 steps are left
        (150, (2, 5, 10)),
        (1000, (20, 50, 100)),
        (100_000, (100,)),
    ],
)
def test_patches_go_by_the_median_length(length, patches):
    assert choices(Space(), length)["patch"] == patches


def test_a_patch_from_the_recipe_is_taken_as_it_is():
    assert choices(Space(patch=(3, 7)), 2)["patch"] == (3, 7)


def test_words_are_not_joined_into_patches():
    assert choices(Space(), 400, tokens=True)["patch"] == (1,)


@pytest.mark.parametrize(
    ("sequences", "sizes"),
    [
        (99, (8, 16)),
        (100, (16, 32)),
        (1_000, (32, 64)),
        (5_000, (64, 128)),
        (20_000, (128, 256)),
    ],
)
def test_batches_grow_with_the_data(sequences, sizes):
    assert choices(Space(), sequences=sequences)["batch_size"] == sizes
    assert choices(Space(batch_size=(4,)), sequences=sequences)["batch_size"] == (4,)


def test_the_nearest_option_is_the_same_or_the_closest_number_or_the_first():
    assert nearest((16, 64), 64) == 64
    assert nearest((16, 100), 64) == 100
    assert nearest(("off", 0.1, 10.0), 1.0) == 0.1
    assert nearest(("max", "last"), "mean") == "max"
    assert nearest(("off",), 1.0) == "off"
    assert nearest((False,), True) is False


def rows(*missing):
    """A hundred timesteps of so many features; of each some first ones lack a number."""
    numbers = np.zeros((100, len(missing)), np.float32)
    for column, count in zip(numbers.T, missing, strict=True):
        column[:count] = np.nan
    return numbers


@pytest.mark.parametrize(
    ("wanted", "numbers", "tried"),
    [
        (("mean", "decay"), rows(0, 1), {"filling": ("mean", "decay")}),  # one in a hundred
        (("mean", "decay"), rows(0, 0), {}),  # those of another fold
        (("decay",), rows(0, 0), {"filling": ("decay",)}),
        (("mean",), rows(0, 50), {}),
    ],
)
def test_how_missing_numbers_are_filled_is_tried_where_some_are(wanted, numbers, tried):
    assert filling_choices(Space(filling=wanted), (1,), numbers) == tried
    assert filling_choices(Space(filling=wanted), (), numbers) == {}


FIXED = {"pooling": ("last",), "bidirectional": (False,), "patch": (1,)}


def test_of_several_values_the_possible_ones_are_tried_and_the_others_said():
    space = Space(pooling=("max", "last"), patch=(1, 2, 5))
    pooling, patch = sorted(check_wanted(space, FIXED), reverse=True)
    assert pooling.startswith("`search.space.pooling`: max is not tried, for it sums up")
    assert patch.startswith("`search.space.patch`: 2, 5 is not tried, for it joins timesteps")


def test_what_asks_for_nothing_is_possible_where_there_is_no_such_choice():
    convolution, augment = check_wanted(
        Space(augment=("none", "warp"), convolution=(0, 32)), FIXED
    )[::-1]
    assert augment.startswith("`search.space.augment`: warp is not tried, for it changes the")
    assert convolution.startswith("`search.space.convolution`: 32 is not tried, for it reads the")
    with pytest.raises(RecipeError, match=r"`search.space.augment: \[warp\]` has no place here"):
        check_wanted(Space(augment=("warp",)), FIXED)


def test_traces_have_no_weights_between_units_to_leave_out():
    choices = {"weight_drop": (0.3,)}
    space = Space(cell=("exponential_trace",), weight_drop=(0.3,))
    with pytest.raises(RecipeError, match="weights between units, which exponential traces lack"):
        check_wanted(space, choices)
    both = space.model_copy(update={"cell": ("exponential_trace", "lstm")})
    assert check_wanted(both, choices) == []
