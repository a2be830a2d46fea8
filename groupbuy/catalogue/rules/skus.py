"""What a SKU may be, however it comes in: by hand or by a sheet."""

NAME_LENGTH = 50
BARCODE_LENGTH = 50
OPTIONS = 8
OPTION_NAME_LENGTH = 30
OPTION_VALUE_LENGTH = 50
WEIGHT_G = 10_000_000
MOST_PER_ORDER = 999
"""Nobody can order more, so no minimum can be higher."""
