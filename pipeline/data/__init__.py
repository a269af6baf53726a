"""Data sets, their container in memory, their file format, splits and augmentation."""
