"""Barcodes."""

GTIN_LENGTHS = (8, 12, 13)
"""Digits of EAN-8, UPC-A and EAN-13; a code of another form is a shop's own and is not checked."""


def right_check_digit(barcode: str) -> bool:
    """Tell whether the last digit of an EAN-8, UPC-A or EAN-13 fits; other codes always do.

    GS1 General Specifications, 7.9: from the right, weights 1 (the check digit itself), 3, 1, 3 …
    sum to a multiple of 10.
    """
    if len(barcode) not in GTIN_LENGTHS or not (barcode.isascii() and barcode.isdigit()):
        return True
    digits = [int(digit) for digit in reversed(barcode)]
    return (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0
