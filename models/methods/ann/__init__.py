"""Networks of numbers in place of spikes, second-generation ones, on binned input events; in PyTorch."""
