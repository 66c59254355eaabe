"""The form in which a test file of this folder says how to break what it tests.

Each `test_*.py` here has a list `BREAKAGES`. `python tests/faults/break_each.py` (`make faults-broken`) breaks a copy
of the project in each way, one at a time, and expects the named test to fail.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Breakage:
    """A change of the project's code that takes back a promise.

    Parameters
    ----------
    what : str
        What no longer holds, in words: "members are not checked for links".
    path : str
        The file to change, below the project.
    old, new : str
        Text that occurs in it exactly once, and what takes its place.
    test : str
        Name of the test in the same file that must fail.
    """

    what: str
    path: str
    old: str
    new: str
    test: str
