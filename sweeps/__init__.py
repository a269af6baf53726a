"""Which hyperparameters: search spaces, ask and tell, a store that survives, workers here and on a cluster."""
