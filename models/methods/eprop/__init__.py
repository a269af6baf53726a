"""e-prop (Bellec et al. 2020) through mlGeNN: gradients forward in time, from eligibility traces."""
