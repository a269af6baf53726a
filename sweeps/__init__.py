"""Which hyperparameters; and the one runner of jobs, for every experiment, here and on a cluster."""
