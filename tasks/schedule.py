"""What runs by the clock, for ``celery -A tasks beat``."""

from typing import Any

from celery.schedules import crontab

ONCE = {"expires": 60.0}  # of what comes every minute no two wait

SCHEDULE: dict[str, dict[str, Any]] = {
    # More than once, should a broker lose the first message: who finds the day's run begun leaves at once.
    "train-daily": {"task": "tasks.training.train_today", "schedule": crontab(hour="3,4,6,12", minute="17")},
    "train-when-due": {"task": "tasks.training.train_when_due", "schedule": 60.0, "options": ONCE},
    "privacy-resume": {"task": "tasks.privacy.privacy_resume", "schedule": 60.0, "options": ONCE},
    "withdrawals-complete": {
        "task": "tasks.privacy.withdrawals_complete",
        "schedule": 60.0,
        "options": ONCE,
    },
    # One that no worker took in time is followed by the next.
    "news-deliver": {"task": "tasks.outbox.news_deliver", "schedule": 10.0, "options": {"expires": 10.0}},
    "histories-resume": {"task": "tasks.histories.histories_resume", "schedule": 60.0, "options": ONCE},
    "libraries-resume": {"task": "tasks.libraries.libraries_resume", "schedule": 60.0, "options": ONCE},
    "libraries-read-again": {
        "task": "tasks.libraries.libraries_read_again",
        "schedule": crontab(hour="4", minute="43"),
    },
    "plans-refresh": {"task": "tasks.plans.plans_refresh", "schedule": 60.0, "options": ONCE},
    "moments-ready": {"task": "tasks.moments.playlists_ready", "schedule": 60.0, "options": ONCE},
    "models-further": {"task": "tasks.rollout.models_further", "schedule": 60.0, "options": ONCE},
    "model-drift": {"task": "tasks.rollout.model_drift", "schedule": crontab(minute="52")},
    "model-verify": {"task": "tasks.models.model_verify", "schedule": crontab(minute="27")},
    "ledger-head": {"task": "tasks.privacy.ledger_head_publish", "schedule": crontab(minute="37")},
    # Twice, should a broker lose the first message: what is told is as of midnight both times.
    "experiments-look": {
        "task": "tasks.experiments.experiments_look",
        "schedule": crontab(hour="0,6", minute="11"),
    },
    # At one time for all, and once more, should a broker lose the message: what was measured is measured once.
    "engagement-measure": {
        "task": "tasks.engagement.engagement_measure",
        "schedule": crontab(day_of_week="mon", hour="5,9", minute="13"),
    },
    "privacy-expire": {"task": "tasks.privacy.privacy_expire", "schedule": crontab(minute="7")},
}
