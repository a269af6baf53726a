"""Stochastic parallelizable spiking neurons (SPSN, Yarga and Wood 2023): parallel neurons whose spikes are random."""
