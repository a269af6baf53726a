"""Data sets, the container they are read into, the files they are kept in, splits and augmentation."""
