"""The settings of the search and of a trial's training."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rnnauto.recipe.values import (
    Auto,
    Cells,
    ClassWeights,
    ClipNorms,
    Objective,
    Seconds,
    Section,
    Trackers,
)

LOSS = 0.02  # accuracy


class Space(Section):
    """What the search may choose from; a list of one fixes a hyperparameter."""

    cell: Cells = Field(
        ("simple_rnn", "lstm"), min_length=1, description="Recurrent cell to try, or `all`"
    )
    units: tuple[Annotated[int, Field(ge=1, le=4096)], ...] = Field(
        (16, 32, 64, 128), min_length=1, description="Width of the state"
    )
    layers: tuple[Annotated[int, Field(ge=1, le=8)], ...] = Field(
        (1, 2), min_length=1, description="Recurrent layers"
    )
    patch: Auto | tuple[Annotated[int, Field(ge=1)], ...] = Field(
        "auto", description="Consecutive timesteps joined into one; auto: by the median length"
    )
    pooling: tuple[Literal["last", "mean", "max"], ...] = Field(
        ("last", "mean", "max"), min_length=1, description="How many-to-one sums up the timesteps"
    )
    bidirectional: tuple[bool, ...] = Field(
        (False, True), min_length=1, description="Read the sequence from both ends"
    )
    lookback: Auto | tuple[Annotated[int, Field(ge=1)], ...] = Field(
        "auto", description="Timesteps that a forecast sees; auto: shares of the largest"
    )
    scaling: tuple[Literal["none", "mean", "standard"], ...] = Field(
        ("none", "mean", "standard"), min_length=1, description="How a forecast scales a window"
    )
    transform: tuple[Literal["none", "log"], ...] = Field(
        ("none", "log"), min_length=1, description="Logarithm of targets that are never negative"
    )
    differencing: tuple[
        Literal["none", "last", "trend", "seasonal", "seasonal_trend", "seasonal_last", "smoothed"],
        ...,
    ] = Field(
        ("none", "last", "trend", "seasonal", "seasonal_trend", "seasonal_last", "smoothed"),
        min_length=1,
        description="The simple forecast whose error a forecast predicts; those that are far off "
        "in the train part are not tried. Lists that go on from what is read have the first three",
    )
    frame: tuple[Literal["absolute", "relative", "mirrored"], ...] = Field(
        ("absolute", "relative", "mirrored"),
        min_length=1,
        description="How lists that go on see what they go on from: where it is, only its way to "
        "there, or of places that way mirrored at random in training",
    )
    attention: tuple[Literal["none", "dot"], ...] = Field(
        ("none", "dot"), min_length=1, description="How a decoder looks back at its source"
    )
    dropout: tuple[Annotated[float, Field(ge=0, lt=1)], ...] = Field(
        (0.0, 0.1, 0.3, 0.5), min_length=1, description="Dropout between layers"
    )
    token_dropout: tuple[Annotated[float, Field(ge=0, lt=1)], ...] = Field(
        (0.0, 0.1, 0.2),
        min_length=1,
        description="Share of words, characters or codes taken for unknown in training",
    )
    weight_drop: tuple[Annotated[float, Field(ge=0, lt=1)], ...] = Field(
        (0.0, 0.3, 0.5),
        min_length=1,
        description="Share of the weights by which a recurrent layer reads its own state that a "
        "training step leaves out; tried for values and classes of numbers, forecasts and language "
        "models of many texts, and wherever a recipe names shares",
    )
    label_smoothing: tuple[Annotated[float, Field(ge=0, lt=1)], ...] = Field(
        (0.0, 0.1),
        min_length=1,
        description="Share of each true class or token that training spreads over all of them; "
        "tried where written answers have more than 100 tokens to choose from, and for any class "
        "or token where a recipe names shares",
    )
    augment: tuple[Literal["none", "warp", "size", "both"], ...] = Field(
        ("none", "both"),
        min_length=1,
        description="How training changes the numbers of a sequence that has one answer, each time "
        "another way: `warp` reads it a little faster here and slower there, `size` multiplies how "
        "far it is from the means by about 1; tried below 300 sequences of which nothing but "
        "numbers is read, and where a recipe names others",
    )
    repeats: tuple[Literal["all", "once"], ...] = Field(
        ("all", "once"),
        min_length=1,
        description="How often an epoch reads sequences that are equal: `all` of them, or `once`, "
        "each time another; tried where the answer is one of some classes, and at least one in "
        "fifty is equal to one before it",
    )
    convolution: tuple[Annotated[int, Field(ge=0, le=1024)], ...] = Field(
        (0, 64, 192),
        min_length=1,
        description="Filters that read a timestep and its neighbours before the recurrence of "
        "networks that read both ways; 0: none",
    )
    ngrams: tuple[Annotated[int, Field(ge=0, le=8)], ...] = Field(
        (0, 2, 5),
        min_length=1,
        description="Tokens of the longest n-grams that the answer of networks that read both ways "
        "counts beside the recurrence, where sequences of words, characters or codes have one "
        "answer; 0: none",
    )
    own_scale: tuple[bool, ...] = Field(
        (False, True),
        min_length=1,
        description="Whether networks that read both ways also see every number by the scale of "
        "its own sequence, less its mean there and divided by its deviation, where sequences have "
        "one answer",
    )
    filling: tuple[Literal["mean", "decay"], ...] = Field(
        ("mean", "decay"),
        min_length=1,
        description="What a missing number is read as: the mean, or the last one that was seen, "
        "decaying to the mean; both are tried where a feature lacks at least one in a hundred",
    )
    vectors: tuple[Literal["frozen", "tuned"], ...] = Field(
        ("frozen", "tuned"),
        min_length=1,
        description="Whether word vectors stay as the file has them or are trained further",
    )
    optimizer: tuple[Literal["adam", "sgd"], ...] = Field(
        ("adam",),
        min_length=1,
        description="Adam, or plain stochastic gradient descent, which wants larger learning rates",
    )
    learning_rate: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(
        (0.0005, 0.001, 0.002, 0.005, 0.01),
        min_length=1,
        description="Learning rate of the optimizer; these are for Adam",
    )
    batch_size: Auto | tuple[Annotated[int, Field(ge=1)], ...] = Field(
        "auto", description="Sequences per step; auto: by the number of sequences"
    )
    clip_norm: ClipNorms = Field(
        ("off", 0.1, 1.0, 10.0), min_length=1, description="Largest global norm of the gradient"
    )


class SearchSection(Section):
    oracle: Auto | Literal["random", "bayesian", "hyperband", "grid"] = Field(
        "auto", description="How trials are proposed; auto: by their number, the space and the time"
    )
    trials: int = Field(30, ge=1, description="Most models to try")
    budget: Seconds = Field(600.0, description="Wall clock from start to export, like 90s or 10m")
    workers: Auto | Literal["ray"] | Annotated[int, Field(ge=1, le=256)] = Field(
        "auto",
        description="Worker processes, one thread each; auto: one per core; "
        "ray: one per core of a Ray cluster",
    )
    device: Auto | Literal["cpu", "gpu"] = Field(
        "auto",
        description="What networks are trained on: the GPU, the processor, or auto: where a first "
        "training step takes less time, where this machine has a GPU; with `--workers ray` "
        "`ray_gpus` says it",
    )
    ray_address: str = Field(
        "local",
        min_length=1,
        description="With `--workers ray`: HOST:PORT of the cluster; auto: the one that this "
        "machine is part of; local: one of this machine, for this fit alone",
    )
    ray_cpus: float = Field(
        1.0, gt=0, description="Cores of a Ray node that a trial takes, and its threads"
    )
    ray_gpus: float = Field(
        0.0,
        ge=0,
        description="GPUs of a Ray node that a trial takes: 0.25 trains four at once on each",
    )
    objective: Objective = Field(
        "auto",
        description="Metric of the task that selects trials, like balanced_accuracy; auto: the "
        "validation loss, of chunks of tags their F1",
    )
    track: Trackers = Field(
        (),
        description="What is told of the fit while it runs: tensorboard:DIR, or mlflow:URI of a "
        "server, a database or a folder; not kept in the model folder",
    )
    prune: Literal["median", "off"] = Field(
        "median",
        description="End a trial that is worse than the median of earlier ones at the same epoch",
    )
    select: Literal["one_standard_error", "best"] = Field(
        "one_standard_error",
        description="Who wins where folds confirm: the simplest of those as good as the best, "
        "or the lowest loss",
    )
    seeds: int = Field(
        1,
        ge=1,
        le=20,
        description="Seeds that the finalists are trained with, where one part selects; "
        "the final model is their mean",
    )
    streamable: bool = Field(
        False,
        description="Try only networks that `rnnauto stream` can read on with, forwards alone",
    )
    early: bool = Field(
        False,
        description="Answer before the end: try only networks that read forwards, train them on "
        "beginnings of sequences too, and fit the rule by which a class is sure",
    )
    early_loss: Auto | Literal["harmonic_mean"] | Annotated[float, Field(ge=0, lt=1)] = Field(
        "auto",
        description="With `early`: accuracy on the validation part that answers before the end may "
        "lose against those at the end; auto: 0.02; harmonic_mean: the best one of accuracy and of "
        "the share of a sequence that need not be seen",
    )
    space: Space = Space()

    @model_validator(mode="after")
    def a_loss_is_of_early_answers(self) -> Self:
        if self.early_loss != "auto" and not self.early:
            raise ValueError("`early_loss` is for `early`: set that too (`--early`)")
        return self

    @property
    def loss_allowed(self) -> float | None:
        """Accuracy that early answers may lose; None: the harmonic mean counts."""
        if self.early_loss == "harmonic_mean":
            return None
        return LOSS if self.early_loss == "auto" else float(self.early_loss)


class Train(Section):
    epochs: int = Field(500, ge=1, description="Most passes over the training part")
    patience: Auto | Annotated[int, Field(ge=1)] = Field(
        "auto", description="Epochs without a better validation loss before a trial stops"
    )
    class_weight: Auto | Literal["none"] | ClassWeights = Field(
        "auto",
        description="Weights of classes in the training loss, like {spam: 5}, 1 for those that are "
        "not named; none; auto: where shares differ by more than 5 times, trials with balanced "
        "weights are tried beside those without",
    )
    refit: Literal["auto", "off"] = Field(
        "auto", description="Train the winner further where validation shows that it helps"
    )
    distil: bool = Field(
        False,
        description="Of values, classes and sets of labels: teach one network by the mean of "
        "several, and keep it where it is better than each of them on the validation part",
    )
    ensemble: Auto | Annotated[int, Field(ge=1, le=10)] = Field(
        "auto",
        description="Settings, best first, that the final model is the mean of; auto: the winner, "
        "and for values, classes and language models with a single validation part up to 4 more "
        "whose mean with it is better there, checked by halves; for a forecast, or lists of "
        "numbers, confirmed on folds up to 3, the winner, the best that corrects another simple "
        "forecast, and the one with the lowest loss",
    )
