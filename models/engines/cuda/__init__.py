"""Eventprop in kernels of our own for NVIDIA GPUs, compiled by numba-cuda."""
