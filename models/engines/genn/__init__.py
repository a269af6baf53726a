"""Networks compiled to GPU or C++ code by GeNN, and trained by an extended Eventprop compiler of mlGeNN.

Importing this package needs neither GeNN nor mlGeNN; `available.require` names what is missing.
"""
