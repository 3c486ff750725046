"""bpgen: from the forward equations of a recurrent cell to its backward pass, in NumPy."""

__version__ = "0.1.0"
