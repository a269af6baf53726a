"""Single neurons, from ion channels to leaky integrators: what the networks' neurons are simplifications of."""
