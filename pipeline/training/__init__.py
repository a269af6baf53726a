"""From a config to a trained run: what is built, how epochs go, what is kept."""
