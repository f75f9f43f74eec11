"""An environment's own rollout, on a throw-away embedded AWS, under traffic, with faults."""
