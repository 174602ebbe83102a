"""What this process counts about itself, for ``/metrics``. No label names a person. Imports nothing of ours.

What the whole installation shares (queues, the model's age, what waits) is asked when somebody reads it: `discovery.metrics`.
"""

from prometheus_client import CollectorRegistry, Counter, Histogram

REGISTRY = CollectorRegistry()

QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUEST_SECONDS = Histogram(
    "earshot_request_seconds", "How long answers took, places waited for included.", ["kind", "status"],
    buckets=QUICK, registry=REGISTRY,
)  # fmt: skip
OPERATION_SECONDS = Histogram(
    "earshot_operation_seconds", "How long GraphQL operations took, by the first field they ask for.", ["field"],
    buckets=QUICK, registry=REGISTRY,
)  # fmt: skip
DEGRADED = Counter(
    "earshot_degraded_answers", "Recommendations that are less than they could be, by reason.", ["reason"],
    registry=REGISTRY,
)  # fmt: skip
CONSENT_SECONDS = Histogram(
    "earshot_consent_propagation_seconds",
    "From a change of consent until rooms and sockets were told of it; what is asked after the commit obeys it anyway.",
    buckets=QUICK, registry=REGISTRY,
)  # fmt: skip
VOICE = Counter(
    "earshot_voice_commands", "Spoken commands, by what came of them; what was said is told nowhere.", ["outcome"],
    registry=REGISTRY,
)  # fmt: skip
MODELS_STOPPED = Counter(
    "earshot_models_stopped", "Models that were tried and that this process took out by what it measured.",
    registry=REGISTRY,
)  # fmt: skip
