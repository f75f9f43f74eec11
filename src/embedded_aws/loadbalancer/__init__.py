"""The data plane of the load balancers: health checks, choice of a target, listeners, draining."""
