"""The tiles that all cells share, and the sweeps that call them.

A tile is some rows by some vectors of an array, summed up in registers. Its arguments are words of
64 bits: addresses of floats, and numbers. A sweep calls a tile for every timestep, panel and part
of the rows; a word of it is a start and four steps. A chain calls sweeps in turns, a block of
timesteps each, so that what one writes is still at hand for the next.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from llvmlite import ir

from rnnauto.networks.kernels.write import POINTER, WORD, Writer

STEPS = 4  # of a word: from block to block, timestep, panel and row

Cells = list[list[Any]]  # where a tile sums up, by row and vector
Body = Callable[..., None]


@dataclass(frozen=True)
class Tile:
    """A kind of tile.

    Attributes:
        body: writes what it does, given a `Writer`, the cells, and its arguments.
        vectors: how many a row of it has.
        pointers, numbers: how many arguments of each it has, in this order.
        most: rows of the largest where a processor has 32 registers, and where it has 16.
        onto: the argument that the cells go on from; None: from 0.
    """

    name: str
    body: Body
    vectors: int
    pointers: int
    numbers: int
    most: tuple[int, int]
    onto: int | None = None

    @property
    def words(self) -> int:
        """How many arguments it has."""
        return self.pointers + self.numbers


@dataclass(frozen=True)
class Left:
    """The left side of a product, and floats from one row to the next and from one term to the
    next."""

    pointer: Any
    by_row: Any
    by_term: Any


def multiply(
    writer: Writer,
    cells: Cells,
    left: Left,
    right: Any,
    *,
    count: Any,
    places: Sequence[int],
    width: int = 0,
) -> None:
    """cells[row][v] += left[row, k] * right[k, v] for so many k, for the vectors at these places of
    the cells, which lie side by side on the right.

    Args: width: vectors of a row of the right side; 0: no more than are read.
    """
    by_term = (width or len(places)) * writer.lanes
    with writer.loop(count) as k:
        column = writer.at(left.pointer, writer.times(k, left.by_term))
        rows = [writer.spread(column, writer.times(left.by_row, row)) for row in range(len(cells))]
        line = writer.at(right, writer.times(k, by_term))
        for v, place in enumerate(places):
            factor = writer.load(line, v * writer.lanes)
            for x, row in zip(rows, cells, strict=True):
                writer.store(x.times_plus(factor, writer.load(row[place])), row[place])


class Panels(NamedTuple):
    """The left side of a product over panels.

    Attributes:
        pointer: what is read first.
        count: how many panels there are.
        by_panel: floats from one to the next.
        vectors, read: how many a row of one has, and how many are read.
    """

    pointer: Any
    count: Any
    by_panel: Any
    vectors: int
    read: int


def over_panels(writer: Writer, cells: Cells, left: Panels, right: Any) -> None:
    """Sum up the products of all panels with a matrix, of as many rows as floats are read."""
    count, places = left.read * writer.lanes, range(len(cells[0]))
    with writer.loop(left.count) as u:
        here = writer.at(left.pointer, writer.times(u, left.by_panel))
        rows = writer.at(right, writer.times(u, count * len(places) * writer.lanes))
        by_row = left.vectors * writer.lanes
        multiply(writer, cells, Left(here, by_row, 1), rows, count=count, places=places)


def write_product(writer: Writer, cells: Cells, target: Any, by_row: Any) -> None:
    for r, row in enumerate(cells):
        for v, cell in enumerate(row):
            at = writer.plus(writer.times(by_row, r), v * writer.lanes)
            writer.store(writer.load(cell), target, at)


def weigh_tile(vectors: int, read: int) -> Tile:
    """The tile that adds the product of a transposed tall array and another one, of which so many
    vectors of each row are read, to a total [terms, vectors]."""
    most = {4: (6, 3), 3: (8, 4), 2: (8, 6)}[read]

    def weigh(writer: Writer, cells: Cells, *given: Any) -> None:
        left, right, total, count, by_row = given
        side = Left(left, 1, by_row)
        multiply(writer, cells, side, right, count=count, places=range(read), width=vectors)
        write_product(writer, cells, total, read * writer.lanes)

    return Tile("weigh", weigh, read, pointers=3, numbers=2, most=most, onto=2)


def spread_tile(vectors: int, read: int) -> Tile:
    """The tile of a product of an array in panels, of which so many vectors of each row are read,
    and a matrix."""

    def spread(writer: Writer, cells: Cells, *given: Any) -> None:
        left, right, target, count, by_panel, by_row = given
        over_panels(writer, cells, Panels(left, count, by_panel, vectors, read), right)
        write_product(writer, cells, target, by_row)

    return Tile("spread", spread, 2, pointers=3, numbers=3, most=(8, 6))


def write_tile(module: Any, tile: Tile, rows: int, lanes: int) -> Any:
    """Write a tile of so many rows; returns the function."""
    writer = Writer(module, f"{tile.name}_{rows}", (POINTER,), lanes)
    writer.function.linkage = "internal"
    writer.function.attributes.add("noinline")
    (args,) = writer.function.args
    kinds = [POINTER] * tile.pointers + [WORD] * tile.numbers
    given = [writer.load_word(args, k, kind) for k, kind in enumerate(kinds)]
    cells = [[writer.room(writer.kind) for _ in range(tile.vectors)] for _ in range(rows)]
    for k, cell in enumerate(cell for row in cells for cell in row):
        onto = writer.number(0.0)
        if tile.onto is not None:
            onto = writer.load(given[tile.onto], k * lanes)
        writer.store(onto, cell)
    tile.body(writer, cells, *given)
    writer.builder.ret_void()
    return writer.function


def write_sweep(module: Any, tile: Tile, lanes: int, *, most: int) -> Any:
    """Write the tiles of up to `most` rows and what calls them, for numbers of timesteps, panels
    and rows, which it divides evenly: the function of a block's number, these three, and the
    address of the words."""
    tiles = [write_tile(module, tile, rows, lanes) for rows in range(1, most + 1)]
    writer = Writer(module, f"{tile.name}_sweep", (WORD, WORD, WORD, WORD, POINTER), lanes)
    builder = writer.builder
    block, times, panels, rows, given = writer.function.args
    args = writer.room(ir.ArrayType(WORD, tile.words))
    parts = builder.sdiv(writer.plus(rows, most - 1), writer.word(most))

    def first(part: Any) -> Any:
        return builder.sdiv(writer.times(part, rows), parts)

    def stepped(words: list[Any], step: int, turn: Any) -> list[Any]:
        places = range(1 + step, (1 + STEPS) * tile.words, 1 + STEPS)
        steps = [writer.load_word(given, place) for place in places]
        return [
            writer.plus(word, writer.times(by, turn)) for word, by in zip(words, steps, strict=True)
        ]

    starts = [writer.load_word(given, (1 + STEPS) * word) for word in range(tile.words)]
    of_block = stepped(starts, 0, block)
    with writer.loop(times) as t:
        of_time = stepped(of_block, 1, t)
        with writer.loop(panels) as u:
            of_panel = stepped(of_time, 2, u)
            with writer.loop(parts) as part:
                begin = first(part)
                for k, word in enumerate(stepped(of_panel, 3, begin)):
                    builder.store(word, writer.at(args, 2 * k), align=8)
                call_one(writer, tiles, builder.sub(first(writer.plus(part, 1)), begin), args)
    builder.ret_void()
    writer.function.linkage = "internal"
    return writer.function


def write_chain(module: Any, name: str, sweeps: Sequence[Any]) -> None:
    """Write what calls sweeps one after the other, block after block: of the number of blocks, and
    for each sweep the numbers of timesteps, panels and rows and the address of its words."""
    writer = Writer(module, name, (WORD, POINTER), 1)
    blocks, given = writer.function.args
    with writer.loop(blocks) as block:
        for k, sweep in enumerate(sweeps):
            turns = [writer.load_word(given, 4 * k + m) for m in range(3)]
            words = writer.load_word(given, 4 * k + 3, POINTER)
            writer.builder.call(sweep, [block, *turns, words])
    writer.builder.ret_void()


def call_one(writer: Writer, tiles: list[Any], size: Any, args: Any) -> None:
    """Call the tile of so many rows."""
    builder = writer.builder
    after = writer.function.append_basic_block()
    chosen = builder.switch(size, after)
    for rows, tile in enumerate(tiles, 1):
        block = writer.function.append_basic_block()
        chosen.add_case(writer.word(rows), block)
        builder.position_at_end(block)
        builder.call(tile, [args])
        builder.branch(after)
    builder.position_at_end(after)
