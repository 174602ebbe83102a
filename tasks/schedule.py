"""What runs by the clock, for ``celery -A tasks beat``."""

from typing import Any

from celery.schedules import crontab

SCHEDULE: dict[str, dict[str, Any]] = {
    "train-daily": {"task": "tasks.training.train_today", "schedule": crontab(hour="3", minute="17")},
    "train-when-due": {"task": "tasks.training.train_when_due", "schedule": 60.0},
    "privacy-resume": {"task": "tasks.privacy.privacy_resume", "schedule": 60.0},
    # One that no worker took in time is followed by the next.
    "news-deliver": {"task": "tasks.outbox.news_deliver", "schedule": 10.0, "options": {"expires": 10.0}},
    "histories-resume": {"task": "tasks.histories.histories_resume", "schedule": 60.0},
    "libraries-resume": {"task": "tasks.libraries.libraries_resume", "schedule": 60.0},
    "libraries-read-again": {
        "task": "tasks.libraries.libraries_read_again",
        "schedule": crontab(hour="4", minute="43"),
    },
    "ledger-head": {"task": "tasks.privacy.ledger_head_publish", "schedule": crontab(minute="37")},
    "privacy-expire": {"task": "tasks.privacy.privacy_expire", "schedule": crontab(minute="7")},
}
