"""Speed, side by side: what a training step costs, against its peers and against the limit.

A training step is the forward pass over T steps and every gradient: of the parameters, the inputs
and the initial states. `run.py` is the command; README.md says what is measured, and how.

    cells/       one cell a file: its step for any array library, and the textbook's for NumPy
    contenders/  one way of running a training step a file
    limit        the matrix products that a plan cannot do without
    problem      the arrays that all contenders are given; `drawn` makes them for any cell
    agree        that they all compute the same
    timing       rounds, and medians of them
    measure      one environment: a process of its own that does all of this and writes JSON
    machine      the environments, and what there is to say of a machine
    report       results as tables; `plots` draws them
    compiling    what compiling costs as a spec grows; `growth.py` is its command
"""
