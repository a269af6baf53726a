"""Why trainings fail, and that with the project's defaults they do not: ``make robustness``."""
