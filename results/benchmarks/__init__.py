"""One benchmark case a module, each a ratio to a peer or to a limit, measured in one run."""
