"""Configuration: read, check everything at once, merge, remember where each value came from.

rules.py      what a value must be, in words and as limits
settings.py   every setting there is, declared once, as frozen dataclasses
layers.py     TOML files as layers, merged weakest first, with provenance
check.py      one file by itself: unknown keys, wrong types and values
sources.py    all files of a checkout, and which layers make which settings
agree.py      what has to fit together: pairs, ranges, routes, names
problems.py   all that is wrong, in one list
load.py       all of it in order: `load`
effective.py  settings flat, for `invoke config`
schema.py and reference.py publish the JSON Schemas and the tables of docs/configuration.md
"""

from slipway.config.effective import Effective, effective
from slipway.config.load import load, load_local
from slipway.config.settings import (
    Alarms,
    Bucket,
    Cache,
    Database,
    Deploy,
    Environment,
    Health,
    Local,
    Project,
    Route,
    Scale,
    Service,
    Settings,
    Shift,
)

__all__ = [
    "Alarms",
    "Bucket",
    "Cache",
    "Database",
    "Deploy",
    "Effective",
    "Environment",
    "Health",
    "Local",
    "Project",
    "Route",
    "Scale",
    "Service",
    "Settings",
    "Shift",
    "effective",
    "load",
    "load_local",
]
