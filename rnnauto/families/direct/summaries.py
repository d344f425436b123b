"""Make a sequence a row of a table: the statistics that are usually taken of its features.

Unlike the columns of the linear baseline these know the beginning, the end and the trend, which is
all of the order that a table can have.
"""

import numpy as np

from rnnauto.arrays import Doubles, Integers
from rnnauto.data.encode import Encoded
from rnnauto.families.direct.order_free import bags_of, by_blocks, summarise

MOST_IDS = 30  # of a category, the most frequent ones


def summary_count(encoded: Encoded) -> int:
    """Count the columns that `summary_columns` gives at most."""
    categories = encoded.codes.shape[1] + encoded.static_codes.shape[1]
    static = encoded.static_numbers.shape[1]
    return int(1 + 8 * encoded.numbers.shape[1] + static + MOST_IDS * categories)


def frequent_ids(units: Encoded) -> Integers:
    """Find the ids that get a column each, int64 [ids, 2]: the number of the category, and the
    id."""
    ids = [np.zeros((0, 2), np.int64)]
    for number, (_, codes) in enumerate(bags_of(units)):
        counts = np.bincount(codes)
        order = np.argsort(-counts, kind="stable")[:MOST_IDS]
        kept = order[counts[order] > 0]
        ids.append(np.stack([np.full(len(kept), number), kept], axis=1))
    return np.concatenate(ids)


def summary_columns(units: Encoded, ids: Integers) -> Doubles:
    """Make the columns, float64 [sequences, columns], NaN where unknown: length; of every feature
    mean, share missing, deviation, minimum, maximum, first and last known value and slope; the
    static numbers; and the share of timesteps that have each of `ids`."""
    columns = [units.lengths.astype(np.float64)]
    for own in units.numbers.T:
        values = own.astype(np.float64)
        columns += summarise(values, units.row_splits)
        columns += by_blocks(trend, values, units.row_splits)
    columns += list(units.static_numbers.T.astype(np.float64))
    bags = bags_of(units)
    totals = [np.maximum(np.bincount(unit, minlength=len(units)), 1) for unit, _ in bags]
    for number, token in ids:
        unit, codes = bags[number]
        here = np.bincount(unit[codes == token], minlength=len(units))
        columns.append(here / totals[number])
    return np.stack(columns, axis=1)


def trend(values: Doubles, row_splits: Integers) -> list[Doubles]:
    """Give the first and last known value of every sequence and the slope of the least squares line
    through its known values, per timestep, [sequences] each; NaN where there is none, or no two."""
    count = len(row_splits) - 1
    lengths = np.diff(row_splits)
    owner = np.repeat(np.arange(count), lengths)
    place = np.arange(len(values)) - np.repeat(row_splits[:-1] - row_splits[0], lengths)
    known = np.flatnonzero(~np.isnan(values))
    owner, place, values = owner[known], place[known].astype(np.float64), values[known]
    first, last = np.full(count, np.nan), np.full(count, np.nan)
    first[owner[::-1]] = values[::-1]  # of several for one sequence the last that is written stays
    last[owner] = values

    def total(terms: Doubles) -> Doubles:
        return np.bincount(owner, terms, minlength=count).astype(np.float64)

    number = np.maximum(total(np.ones(len(values))), 1)
    place -= (total(place) / number)[owner]
    values = values - (total(values) / number)[owner]
    spread = total(place**2)
    slope = np.where(spread > 0, total(place * values) / np.where(spread > 0, spread, 1), np.nan)
    return [first, last, slope]
