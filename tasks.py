"""The tasks of this checkout; each is in the module of `slipway.cli` that bears its noun.

Tasks of your own go below, and into the namespace by `ns.add_task`:

    from invoke.context import Context
    from slipway.cli.task import task

    @task(help={"env": "environment to look at"})
    def hello(c: Context, *, env: str) -> None:
        \"\"\"Say hello.\"\"\"

    ns.add_task(hello)
"""

from slipway.cli.root import namespace

ns = namespace()
