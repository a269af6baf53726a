"""How many channels are carried through the model side by side."""

LANES = 32
"""Channels of a block. The compiled loops over them have this fixed length, which makes them vector
instructions; the last block's lanes without a channel compute too and are ignored. Numba's caches do not
notice a change of this number: delete __pycache__ after one."""
