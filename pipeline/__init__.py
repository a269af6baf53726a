"""How data flow: audio to spikes to batches to a trained run to scores."""
