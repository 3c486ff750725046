"""The operator sinc for bpgen."""
