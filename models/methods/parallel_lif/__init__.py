"""Leaky integrate-and-fire neurons without reset, all steps at once (ParaLIF, Yarga and Wood 2025), in PyTorch."""
