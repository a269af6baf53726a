"""From a trained run to scores and words."""
