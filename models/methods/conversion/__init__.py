"""Perceptrons that are trained as networks of numbers and run as spiking ones (Diehl et al. 2015)."""
