"""CodeDeploy for ECS: its API, and blue/green deployments that really shift traffic.

`applications`, `groups`, `configs`, `deployments` and `tags` answer the API over a `Store`.
`appspec`, `decide` and `lifecycle` are pure; `rollout` acts. `service` registers it all.
"""
