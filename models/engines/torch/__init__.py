"""What training methods that PyTorch differentiates share; they take the same problem and weights as the engines."""
