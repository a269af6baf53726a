"""The number of channels that are simulated side by side."""

LANES = 32
"""Channels per block. The compiled loops over a block have this fixed length, so that they become vector
instructions. The last block's lanes without a channel are computed and ignored."""
