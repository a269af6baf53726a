"""Statistics: summaries over seeds, paired comparisons, mixed models."""
