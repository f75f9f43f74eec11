"""Says hello: the sample service."""
