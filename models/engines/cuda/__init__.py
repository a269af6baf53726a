"""Eventprop in kernels of our own for NVIDIA GPUs, compiled by numba-cuda: one launch a pass, however long the trial.

A block of threads runs an example, with the loop over time inside the kernel (`forward`, `backward`). Between the
passes the host judges the batch by the loss, as for every engine. Gradients of weights are gathered by source
(`sources`) from the adjoint current of every step, then Adam runs on the device (`update`). The host learns biases and
time constants, which are few. No sum depends on the order in which threads run, so results are the same bits from run
to run.

How fast it can be at best is the larger of two floors. N are hidden neurons, T steps, B examples, E input events and S
hidden spikes of an example (case A of README.md, Speed: 256, 1,000, 32, 8,000 and 3,600), all words of 4 bytes.

Latency: an example's steps follow each other. A step of the forward pass is a read of an event's number and one of its
row of weights from the second-level cache, about 250 cycles each, the additions, and a barrier: 600 to 700 cycles, or
0.4 us at 1.7 GHz. A step of the adjoint pass with a spike is such a read, five shuffles and two barriers, as much. Both
passes take 0.8 ms for T = 1,000, then, and no less for a single example; up to as many examples as the GPU runs blocks
at once (four a multiprocessor in case A, 528 on an H100) take as long.

Bytes: the forward pass reads (E + S) N words of weights from the second-level cache, the adjoint pass S N, and
gathering (E + S) N words of adjoint currents, of which T N have been written. In case A that is 12 + 4 + 12 MB from the
cache and 1 MB to memory an example: with 5.5 TB/s from the cache 5 us an example, 0.16 ms for B = 32 and 5 ms for
B = 1,024. Weights and gradients, (700 + N) N words for every 32 examples, add 1 MB.

So a batch of 32 is bound by latency, 0.8 ms, and one of 1,024 by bytes, 5 ms. What a GPU really takes has not been
measured. Device memory is about B (T N + 160 N + 3 E) words, 1.3 MB an example in case A, with trained time constants
B 2 T N more. Where that is too much, fewer examples go backward at once.
"""
