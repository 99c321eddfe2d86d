"""When a job runs: schedule texts of four dialects, compiled.

from tickline.schedules import parse

schedule = parse("cron(30 9 ? * MON-FRI *)", zone="America/New_York")
schedule.next_after(instant)
"""

from tickline.schedules.lint import ScheduleWarning, warnings
from tickline.schedules.parse import parse
from tickline.schedules.schedule import Dialect, Fold, Gap, Schedule
from tickline.schedules.zones import check_zone

__all__ = [
    "Dialect",
    "Fold",
    "Gap",
    "Schedule",
    "ScheduleWarning",
    "check_zone",
    "parse",
    "warnings",
]
