"""Kernels for spike times that are interpolated between the points of the time grid; compiled only where used."""
