"""e-prop (Bellec et al. 2020): gradients forward in time, from eligibility traces; on the CPU, and through mlGeNN."""
