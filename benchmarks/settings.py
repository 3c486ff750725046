"""What is measured unless the command line says otherwise, and the words that results use."""

SIZES = {  # as in the goals: of one example, of common use, of long sequences, of wide layers
    "tiny": {"N": 1, "T": 25, "D": 100, "H": 100},
    "small": {"N": 16, "T": 50, "D": 64, "H": 64},
    "medium": {"N": 32, "T": 100, "D": 128, "H": 128},
    "long": {"N": 8, "T": 1000, "D": 128, "H": 128},
    "large": {"N": 64, "T": 100, "D": 512, "H": 512},
}
VOCABULARY = 80  # V of the cell with a head, at every size
OTHER = 16  # all other sizes of a cell of the library
DTYPES = ("float32", "float64")
SEED = 20
BUDGET, SHORT_BUDGET = 20, 1  # seconds of rounds for each cell, size and dtype
