"""Read what an expectation asks for: `>= 0.95`, `<= 20 ms`, `>= baseline + 0.02`."""

import re
from dataclasses import dataclass
from typing import Literal

Quantity = Literal["share", "number", "difference", "size", "time"]
UNITS: dict[Quantity, dict[str, float]] = {
    "share": {"": 1.0, "%": 0.01},
    "number": {"": 1.0},
    "difference": {"": 1.0},
    # to bytes
    "size": {"B": 1.0, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30},
    "time": {"ms": 1.0, "s": 1000.0},  # to milliseconds
}
EXAMPLES: dict[Quantity, str] = {
    "share": "`>= 0.95` or `>= baseline + 0.02`",
    "number": "`<= 1.5` or `<= 0.9 * baseline`",
    "difference": "`<= 1e-6`",
    "size": "`<= 5 MB`",
    "time": "`<= 20 ms`",
}
NUMBER = r"\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+"
ABSOLUTE = re.compile(rf"(-?(?:{NUMBER}))\s*([A-Za-z%]*)")
RELATIVE = re.compile(
    rf"(?:({NUMBER})\s*\*\s*)?baseline(?:\[([^\]]+)\])?(?:\s*([+-])\s*({NUMBER})\s*(%?))?"
)
SPLIT = re.compile(r"\s*(<=|>=|<|>)\s*(.*?)\s*")
NOISE = 1e-12  # relative: 0.95 as a sum of floats is still at least 0.95


@dataclass(frozen=True)
class Comparison:
    """`got sign wanted`, where what is wanted is `number`, or `factor * baseline + number`.

    Attributes:
        number: a share of 1, a number, bytes or milliseconds.
        baseline: None where there is none; "" is the best baseline, else the name of one.
    """

    sign: str
    number: float
    baseline: str | None = None
    factor: float = 1.0

    def bound(self, baseline: float | None) -> float:
        """What is wanted, given the value of the baseline that it is relative to.

        Raises: ValueError where it is relative to one, and none is given.
        """
        if self.baseline is None:
            return self.number
        if baseline is None:
            raise ValueError(f"{self} is relative to a baseline, and none is given")
        return self.factor * baseline + self.number

    def holds(self, got: float, bound: float) -> bool:
        """Whether `got` is as wanted; false where it is no number."""
        slack = NOISE * max(abs(got), abs(bound))
        match self.sign:
            case ">=":
                return got >= bound - slack
            case "<=":
                return got <= bound + slack
            case ">":
                return got > bound
            case _:
                return got < bound


def parse_comparison(text: str, quantity: Quantity) -> Comparison:
    """Read a comparison. Raises: ValueError that says what was wanted."""
    wanted = f"a comparison like {EXAMPLES[quantity]} was wanted"
    parts = SPLIT.fullmatch(text)
    if parts is None:
        raise ValueError(wanted)
    sign, right = parts[1], parts[2]
    units = UNITS[quantity]
    absolute = ABSOLUTE.fullmatch(right)
    if absolute is not None:
        number, unit = absolute.groups()
        if unit not in units:
            known = ", ".join(f"`{unit}`" for unit in units if unit)
            raise ValueError(wanted + (f" (units: {known})" if known else ""))
        return Comparison(sign, float(number) * units[unit])
    relative = RELATIVE.fullmatch(right)
    if relative is None or quantity not in {"share", "number"}:
        raise ValueError(wanted)
    factor, name, plus, number, unit = relative.groups()
    if unit and unit not in units:
        raise ValueError(wanted)
    added = float(number or 0) * units[unit or ""] * (-1 if plus == "-" else 1)
    return Comparison(sign, added, baseline=(name or "").strip(), factor=float(factor or 1))
