"""Write the code that makes a float64 of a decimal: what is nearest to it, as any reader should.

Up to 2 ** 53 and 10 ** 22 one division of exact numbers is rounded once (Clinger, 1990). Beyond
that a product with 128 bits of the power tells all bits (Lemire, "Number parsing at a gigabyte per
second", 2021; Mushtak and Lemire, "Fast number parsing without fallback", 2022).
"""

from rnnauto.machine.words import DOUBLE, WORD, Code, Variable, Word

LEAST_POWER, MOST_POWER = -60, 30  # of ten, of what is read here
EXACT_POWER, MANTISSA, BIAS = 22, 52, 1023  # of float64
SURE = 0x1FF  # bits that say whether 64 bits of the power were enough, where not all are set


def power_of_five(power: int) -> int:
    """128 bits of a power, the highest set; those of fractions are rounded up."""
    if power < 0:
        five: int = 5**-power
        bits = (five - 1).bit_length()
        found: int = 2 ** (bits + 127 if power >= -27 else 2 * bits + 128) // five + 1
    else:
        found = 5**power << 128
    return found >> (found.bit_length() - 128)


def float_of(code: Code, digits: Word, power: Word) -> Word:
    """The bits of digits times a power of ten, of which neither has a sign; fails where the power
    is beyond what is read here.

    Args: power: as a number with a sign, modulo 2 ** 64.
    """
    tens = code.table("tens", [10.0**power for power in range(EXACT_POWER + 1)], DOUBLE)
    found = Variable(code, 0)
    builder = code.builder
    simple = digits.is_("<=", 2**53) & (0 - power).is_("<=", EXACT_POWER)
    with code.choice(simple) as (near, far):
        with near:
            above = builder.sitofp(digits.value, DOUBLE)
            below = code.load(tens + ((0 - power) << 3), DOUBLE).value
            found.set(Word(builder, builder.bitcast(builder.fdiv(above, below), WORD)))
        with far:
            code.need((power - LEAST_POWER).is_("<=", MOST_POWER - LEAST_POWER))
            with code.where(digits.is_("!=", 0)):
                found.set(rounded(code, digits, power))
    return found.now


def rounded(code: Code, digits: Word, power: Word) -> Word:
    """The bits of digits, which are not 0, times a power of ten, in all cases."""
    powers = [power_of_five(power) for power in range(LEAST_POWER, MOST_POWER + 1)]
    fives = code.table("fives", [half for five in powers for half in (five >> 64, five % 2**64)])
    place = fives + ((power - LEAST_POWER) << 4)
    zeros = digits.zeros_before()
    shifted = digits << zeros
    upper, lower = shifted.product(code.load(place))
    high, low = Variable(code, upper), Variable(code, lower)
    with code.where((upper & SURE).is_("==", SURE)):
        more, _ = shifted.product(code.load(place + 8))
        low.add(more)
        high.add(low.now.is_("<", more))
    top = high.now >> 63
    cut = top + (64 - MANTISSA - 3)
    mantissa = Variable(code, high.now >> cut)
    # (152170 + 65536) / 65536 is about log2(10)
    exponent = Variable(
        code, (power * (152170 + 65536)).signed_shift(16) + (63 + BIAS) + top - zeros
    )
    # halfway between two, which only small powers can be: the even one
    half = low.now.is_("<=", 1) & (power + 4).is_("<=", 27) & (mantissa.now & 3).is_("==", 1)
    even = half & (mantissa.now << cut).is_("==", high.now)
    mantissa.set(mantissa.now - even)
    mantissa.set((mantissa.now + (mantissa.now & 1)) >> 1)
    exponent.add(mantissa.now >> (MANTISSA + 1))  # it was rounded up to the next power of two
    fraction = (mantissa.now >> (mantissa.now >> (MANTISSA + 1))) & ((1 << MANTISSA) - 1)
    return fraction | (exponent.now << MANTISSA)
