"""The comparison of training methods: settings chosen by the same budget of search, then five seeds each."""
