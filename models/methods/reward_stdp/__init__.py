"""The winner-take-all network with STDP that a reward modulates."""
