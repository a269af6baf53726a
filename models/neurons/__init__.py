"""Single neurons and a synapse of the thesis: Hodgkin-Huxley, Izhikevich, leaky integrate-and-fire, STDP."""
