"""Controls without spikes and without layers: logistic regression and a support vector machine, by scikit-learn."""
