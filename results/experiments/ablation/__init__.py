"""What each idea is worth: ``make ablation``."""
