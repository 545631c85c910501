"""Hypothesis profiles: `default` draws anew in every run, `ci` always the same.

Neither judges by the clock: how long an example takes says something about the machine.
"""

import os

from hypothesis import HealthCheck, settings

_BY_THE_CLOCK = [HealthCheck.too_slow]

settings.register_profile("default", deadline=None, suppress_health_check=_BY_THE_CLOCK)
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
