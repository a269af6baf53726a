"""Winner-take-all networks whose synapses follow spike-timing-dependent plasticity (STDP)."""
