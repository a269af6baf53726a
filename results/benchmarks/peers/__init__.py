"""What is measured against, written as its users write it; imported only where a peer is installed."""
