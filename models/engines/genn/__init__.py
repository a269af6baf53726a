"""Networks compiled to GPU or C++ code by GeNN, trained by an extended Eventprop compiler of mlGeNN.

Importing this package needs neither; `available.require` says what is missing.
"""
