"""Configuration: read, check everything at once, merge, remember where each value came from.

rules.py      what a value must be, in words and as limits
table.py      what a table of a file is
manifest.py   every setting of a service, declared once, as frozen dataclasses
settings.py   the same for the project and its environments
layers.py     TOML files as layers, merged weakest first, with provenance
check.py      one file by itself: unknown keys, wrong types and values
sources.py    all files of a checkout, and which layers make which settings
agree.py      what has to fit together: pairs, ranges, names; clash.py is how that is told
routes.py     which requests go where, between services
needs.py      which services come before which
variables.py  which variables a container gets, and from where
local_values.py  a service's local.env: values for one's own machine
buckets.py    what S3 buckets are called
jobs.py       what a job may be, and what a service that only has jobs may not
problems.py   all that is wrong, in one list
load.py       all of it in order: `load`
effective.py  settings flat, for `invoke config`
schema.py and reference.py publish the JSON Schemas and the tables of docs/configuration.md
"""

from slipway.config.effective import Effective, effective
from slipway.config.load import load, load_local
from slipway.config.local_values import local_values
from slipway.config.manifest import (
    Address,
    Alarms,
    Bucket,
    Cache,
    Database,
    Deploy,
    Health,
    Hooks,
    Job,
    Route,
    Scale,
    Service,
    Shift,
    Smoke,
)
from slipway.config.settings import Environment, Local, Notify, Project, Settings

__all__ = [
    "Address",
    "Alarms",
    "Bucket",
    "Cache",
    "Database",
    "Deploy",
    "Effective",
    "Environment",
    "Health",
    "Hooks",
    "Job",
    "Local",
    "Notify",
    "Project",
    "Route",
    "Scale",
    "Service",
    "Settings",
    "Shift",
    "Smoke",
    "effective",
    "load",
    "load_local",
    "local_values",
]
