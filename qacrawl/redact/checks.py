"""Check digits, by which a number of some kind is known."""

_TW = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
"""The letters of Taiwan's IDs: A is 10, B is 11 and so on; the order is historical."""


def luhn(digits: str) -> bool:
    """Return whether a card number is right."""
    doubled = (int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits)))
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0


def iban(code: str) -> bool:
    """Return whether an IBAN (capitals and digits) is right, ISO 13616."""
    turned = code[4:] + code[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1


def taiwan(code: str) -> bool:
    """Return whether an ID of Taiwan is right: a letter for the place, a digit (once a letter for foreigners), 8."""
    if code[0] not in _TW or not (code[1].isdigit() or code[1] in _TW):
        return False
    first = _TW.index(code[0]) + 10
    second = int(code[1]) if code[1].isdigit() else _TW.index(code[1]) % 10
    digits = [first // 10, first % 10, second, *map(int, code[2:])]
    weights = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=True)) % 10 == 0


def china(code: str) -> bool:
    """Return whether an ID of China (17 digits, and a digit or X) is right, GB 11643."""
    total = sum(int(digit) * (1 << (17 - at)) for at, digit in enumerate(code[:17]))
    return "10X98765432"[total % 11] == code[17]


def hong_kong(letters: str, digits: str, check: str) -> bool:
    """Return whether an ID of Hong Kong is right: one or two letters, six digits, a digit or A."""
    values = [36 if len(letters) == 1 else int(letters[0], 36), int(letters[-1], 36), *map(int, digits)]
    total = sum(value * weight for value, weight in zip(values, range(9, 1, -1), strict=True))
    return "0A987654321"[total % 11] == check
