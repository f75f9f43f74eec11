"""The embedded AWS: AWS's APIs on loopback, tasks as containers, real load balancers.

MiniStack answers the APIs; this package runs it in its own process, mends what Slipway needs from
it (`patches`), and adds what it lacks: load balancers that carry traffic and heed health checks
(`loadbalancer`) and an image store on disk (`blobs`). Start it with `python -m embedded_aws serve`.
"""

VERSION = "0.1.0"
HEALTH_PATH = "/_slipway/health"
SERVICE_NAME = "slipway-embedded-aws"
