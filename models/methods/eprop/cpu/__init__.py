"""e-prop on the CPU, in Numba, for the neurons of the CPU engine and for adaptive ones."""
