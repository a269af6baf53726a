"""Backpropagation through time with surrogate gradients (Neftci, Mostafa and Zenke 2019), in PyTorch."""
