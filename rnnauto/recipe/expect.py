"""Define the section `expect`: what `rnnauto run` holds a model to."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, create_model
from pydantic_core import PydanticCustomError

from rnnauto.metrics import METRICS, Metric, metric_named
from rnnauto.recipe.comparison import EXAMPLES, Quantity, parse_comparison
from rnnauto.recipe.values import Section


def read_comparisons(value: object, quantity: Quantity) -> tuple[str, ...]:
    """Check one comparison, or a list of them. Raises: ValueError."""
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
    """Check a key that no field has: of several targets each has metrics of its own, like
    `rmse_tmin`. Raises: PydanticCustomError."""
    if metric_named(key) is None:
        raise PydanticCustomError("extra_forbidden", "no metric and no other expectation")
    return key


def metric_fields(metrics: Iterable[Metric]) -> dict[str, Any]:
    """A field of a section for each metric."""
    kinds: dict[str, Any] = {"share": Shares, "number": Numbers}
    return {
        each.name: (kinds[each.quantity], Field((), description=each.description))
        for each in metrics
    }


class BeyondMetrics(Section):
    """What else than a metric can be expected."""

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


# a class that is made, which mypy cannot read
OfMetrics: Any = create_model("OfMetrics", __base__=Section, **metric_fields(METRICS.values()))


class Expect(BeyondMetrics, OfMetrics):
    """Comparisons, one or a list of them: `>= 0.95`, `>= 95%`, `<= 20 ms`, `<= 5 MB`; of a metric
    also `<= 0.9 * baseline` (the best one) or `>= baseline[linear] + 0.02` (by name)."""

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[Annotated[str, AfterValidator(metric_of_a_target)], Shares]

    def metrics(self) -> dict[str, tuple[str, ...]]:
        """What is asked of metrics, by name."""
        wanted = {name: getattr(self, name) for name in OfMetrics.model_fields}
        wanted |= self.__pydantic_extra__ or {}
        return {name: texts for name, texts in wanted.items() if texts}

    @property
    def asks_for_latency(self) -> bool:
        return bool(self.latency_p50 or self.latency_p95 or self.latency_p99)

    @property
    def asks_for_nothing(self) -> bool:
        return self == Expect()
