"""Functions that a stack makes on the fly: what may be asked for, checked before AWS is asked."""
