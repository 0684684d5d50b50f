"""Many repositories in one go: on this machine, on a cluster, or shared out over the jobs of a CI matrix."""
