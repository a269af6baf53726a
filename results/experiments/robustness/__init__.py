"""Why training collapses, and how often it does with the project's defaults: ``make robustness``."""
