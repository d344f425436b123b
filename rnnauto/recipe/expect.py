"""What `rnnauto run` holds a model to, and what every metric is."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from rnnauto.recipe.comparison import EXAMPLES, Quantity, parse_comparison
from rnnauto.recipe.values import Section


def read_comparisons(value: object, quantity: Quantity) -> tuple[str, ...]:
    """One comparison, or a list of them. Raises: ValueError."""
    texts = (value,) if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        raise ValueError(f"a comparison like {EXAMPLES[quantity]} was wanted, in quotes")
    for text in texts:
        parse_comparison(text, quantity)
    return tuple(texts)


def comparisons(quantity: Quantity) -> BeforeValidator:
    def checked(value: object) -> object:
        return read_comparisons(value, quantity)

    return BeforeValidator(checked, json_schema_input_type=OneOrMany)


def true_or_comparisons(value: object) -> object:
    return value if isinstance(value, bool) else read_comparisons(value, "difference")


Written = Annotated[str, Field(pattern=r"^\s*[<>]=?")]
OneOrMany = Written | tuple[Written, ...]
Texts = tuple[str, ...]
Shares = Annotated[Texts, comparisons("share")]
Numbers = Annotated[Texts, comparisons("number")]
Sizes = Annotated[Texts, comparisons("size")]
Times = Annotated[Texts, comparisons("time")]
Differences = Annotated[
    bool | Texts,
    BeforeValidator(true_or_comparisons, json_schema_input_type=bool | OneOrMany),
]


def metric_of_a_target(key: str) -> str:
    """Of several targets each has metrics of its own, like `rmse_tmin`."""
    if not any(key.startswith(f"{name}_") for name in METRICS):
        raise PydanticCustomError("extra_forbidden", "no metric and no other expectation")
    return key


class Expect(Section):
    """Comparisons, one or a list of them: `>= 0.95`, `>= 95%`, `<= 20 ms`, `<= 5 MB`; of a metric
    also `<= 0.9 * baseline` (the best one) or `>= baseline[linear] + 0.02` (by name)."""

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[Annotated[str, AfterValidator(metric_of_a_target)], Shares]

    accuracy: Shares = Field((), description="Share of the answers that are right")
    balanced_accuracy: Shares = Field((), description="Mean over the classes of the share found")
    macro_f1: Shares = Field((), description="Mean F1 over the classes")
    log_loss: Numbers = Field((), description="Mean negative log probability of the true class")
    entity_f1: Shares = Field((), description="F1 of whole chunks of tags")
    token_accuracy: Shares = Field((), description="Share of the tags or tokens that are right")
    sequence_accuracy: Shares = Field((), description="Share of the answers right from end to end")
    edit_distance: Shares = Field(
        (), description="Levenshtein distance in tokens over the longer answer; lower is better"
    )
    mae: Numbers = Field((), description="Mean absolute error")
    rmse: Numbers = Field((), description="Root of the mean squared error")
    r2: Numbers = Field((), description="Share of the variance that is explained")
    mase: Numbers = Field(
        (), description="Absolute error in units of the seasonal naive forecast's in the history"
    )
    smape: Numbers = Field((), description="Symmetric percentage error, in per cent")
    coverage_80: Shares = Field((), description="Share of the truth inside the 80% interval")
    average_displacement: Numbers = Field((), description="Mean distance from a forecast place")
    final_displacement: Numbers = Field((), description="Distance from the last forecast place")
    cross_entropy: Numbers = Field((), description="Nats per token")
    bits_per_character: Numbers = Field((), description="Bits per character")
    perplexity: Numbers = Field((), description="Exponential of the nats per token")
    negative_log_likelihood: Numbers = Field((), description="Nats per set of labels")

    beats_baselines: bool = Field(
        False, description="Clearly better than every baseline: the 95% interval says so"
    )
    leak: Literal["none"] | None = Field(
        None, description="`none`: nothing in the data tells the answer; looked at before training"
    )
    padding_invariance: Differences = Field(
        False,
        description="Largest difference that padding or company makes; true: as every export needs",
    )
    model_size: Sizes = Field((), description="Size of the SavedModel on disk")
    latency_p50: Times = Field((), description="Median time of a prediction for one sequence")
    latency_p95: Times = Field((), description="95th percentile of that time")
    latency_p99: Times = Field((), description="99th percentile of that time")

    def metrics(self) -> dict[str, tuple[str, ...]]:
        """What is asked of metrics, by name."""
        wanted = {name: getattr(self, name) for name in METRICS} | (self.__pydantic_extra__ or {})
        return {name: texts for name, texts in wanted.items() if texts}

    @property
    def asks_for_latency(self) -> bool:
        return bool(self.latency_p50 or self.latency_p95 or self.latency_p99)

    @property
    def asks_for_nothing(self) -> bool:
        return self == Expect()


NOT_METRICS = frozenset(
    {
        *("beats_baselines", "leak", "padding_invariance", "model_size"),
        *("latency_p50", "latency_p95", "latency_p99"),
    }
)
METRICS = tuple(name for name in Expect.model_fields if name not in NOT_METRICS)
