"""Every setting, read from the environment; none is needed for the embedded default.

DATABASE_URL, REDIS_URL, ARTIFACT_DIR, SECRET_KEY, SIGNING_KEY, DEBUG, ALLOWED_HOSTS, CSRF_TRUSTED_ORIGINS,
CORS_ORIGINS (of pages elsewhere whose apps may ask with a token, as ``https://host``),
EARSHOT_HOME (where the embedded default keeps its files, ``var/`` beside manage.py), LOG_LEVEL,
SECURE_COOKIES, SMALLEST_AGGREGATE (how many people the smallest count that is shown is of),
NEW_ARTISTS_AN_HOUR (how many artists that nobody here played before one person's apps may bring in an hour), OPERATOR_NAME, OPERATOR_CONTACT,
LOCAL_TIME_ZONE (whose clock tells what is night), ACCOUNT_DAYS_UNTIL_COUNTED (how old an account is before its plays enter models and counts),
OPERATOR_DPO, OPERATOR_RECIPIENTS (separated by semicolons), COMPLAINT_AUTHORITY (a name and an address),
TRAINING_SECONDS (how long one training may take), TRAINING_LEASE_SECONDS (how long
a training that gave no sign of life keeps its claim), EARSHOT_TRAINING_WORKERS (in how many processes it trains), EARSHOT_TRAINING_TORCHRUN (torchrun's
options where these are on several machines), EXACT_ITEMS (up to how many items a request scores
every one; beyond, candidates come from faiss), UPLOAD_LARGEST (bytes of one file that is handed in),
LIBRARY_SERVERS (which music servers listeners may connect), STATIC_ROOT (where collectstatic writes),
SIGN_UP (open, invitation or closed), SITE_URL (where people reach it, for links that a command prints), EMAIL_URL, DEFAULT_FROM_EMAIL,
TRUSTED_PROXIES (how many stand before it and tell a client's address), RATE_ADDRESS and RATE_VIEWER (requests in a
time, as 600/m), RATE_VOICE (spoken commands of one person), QUERY_SECONDS (a query's deadline), SOCKETS_WAITING (sockets of an address before anybody signs in),
PERSISTED_DOCUMENTS and PERSISTED_ONLY (documents that are asked by their ids, and whether others are refused),
REQUESTS_AT_ONCE, REQUESTS_WAITING (how many a web process works on, and how many wait), METRICS_TOKEN (who may read /metrics
from elsewhere), EARSHOT_ROLLOUT (direct or staged: whether a new model is tried before it serves), EARSHOT_CANARY_SHARE,
EARSHOT_COMMIT (which code a build is of), LOG_FORMAT (line or json), OpenTelemetry's own OTEL_* (discovery.platform.tracing), PRODUCTION (whether others reach it: as ALLOWED_HOSTS
says, where it is not set), HSTS_SECONDS, ARTIFACT_STORE (where several machines share models).
Each secret may lie in a file that ``SECRET_KEY_FILE`` (and so on) names: discovery.platform.secrets.
"""

import os
from pathlib import Path

import django_stubs_ext
import environ

from discovery.platform.home import BASE_DIR, home_dir
from discovery.platform.no_maps import maps_never
from discovery.platform.redis import QUEUES, celery_broker, redis_socket
from discovery.platform.safe_settings import LOOPBACK, reached_by_others
from discovery.platform.secrets import (
    secret_key_get_or_create,
    secrets_from_files,
    signing_key_get_or_create,
)

django_stubs_ext.monkeypatch()
maps_never()
secrets_from_files(os.environ)

env = environ.Env()

HOME_DIR = home_dir()
ARTIFACT_DIR = Path(env.str("ARTIFACT_DIR", default=str(HOME_DIR / "models"))).resolve()
# Where several machines share models, such as s3://bucket/models; none: ARTIFACT_DIR itself.
ARTIFACT_STORE = env.str("ARTIFACT_STORE", default="")

DEBUG = env.bool("DEBUG", default=False)
# As it stands: `env.str` takes a value that begins with "$" for the name of another variable.
SECRET_KEY = os.environ.get("SECRET_KEY") or secret_key_get_or_create(HOME_DIR)
SIGNING_KEY = os.environ.get("SIGNING_KEY") or signing_key_get_or_create(HOME_DIR)
LEDGER_HEADS = HOME_DIR / "ledger-heads.jsonl"  # copies of the signed heads of the consent ledger
ERASURES = HOME_DIR / "erasures.jsonl"  # who is gone, as numbers, for the time after a restore
WITHDRAWALS = HOME_DIR / "withdrawals.jsonl"  # who refuses what, as digests, for the same time
EXPORT_DIR = HOME_DIR / "exports"  # of people's own data; files live for a few days
UPLOAD_DIR = HOME_DIR / "uploads"  # histories that people hand in; gone when they are read, or after a day
UPLOAD_LARGEST = env.int("UPLOAD_LARGEST", default=2 << 30)  # bytes of one of them
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=sorted(LOOPBACK))
# Whether others reach it: then unsafe settings are refused (discovery.platform.safe_settings).
PRODUCTION = env.bool("PRODUCTION", default=reached_by_others(ALLOWED_HOSTS))
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# Pages elsewhere that may ask with a token of their own. No cookie comes with what they ask, and none would count.
CORS_ORIGINS = env.list("CORS_ORIGINS", default=[])
CORS_ALLOWED_ORIGINS = CORS_ORIGINS
CORS_URLS_REGEX = r"^/(graphql/|o/(revoke_)?token/|\.well-known/|1/|2\.0/|apis/)"
CORS_ALLOW_METHODS = ["GET", "POST"]
CORS_ALLOW_HEADERS = ["accept", "accept-language", "authorization", "content-type"]
CORS_EXPOSE_HEADERS = ["www-authenticate", "retry-after"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "corsheaders",
    "oauth2_provider",
    "accounts",
    "graph",
    "discovery",
    "tasks",
    "allauth",  # after ours: its pages are drawn by our templates
    "allauth.account",
    "allauth.mfa",
    "allauth.headless",
    "graphene_django_graphiql_static",  # the files of /explore/
    "strawberry_django",  # after ours: it has an export_schema command too, and the first one found runs
]

MIDDLEWARE = [
    "discovery.platform.tracing.traced",  # not there where nothing is traced
    "discovery.platform.web_process.connections_return",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "discovery.web.rates.AddressRateMiddleware",
    "discovery.protocols.audioscrobbler.HandshakeAtTheRoot",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.browser.BrowserSessionMiddleware",
    "accounts.middleware.bearer.BearerTokenMiddleware",
    "discovery.web.rates.ViewerRateMiddleware",
    "accounts.middleware.gpc.GlobalPrivacyControlMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "discovery.web.views.ConfinedEntrance",
]

ROOT_URLCONF = "discovery.urls"
WSGI_APPLICATION = "discovery.wsgi.application"
ASGI_APPLICATION = "discovery.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "discovery.web.context.shield",
                "discovery.web.context.contact",
            ]
        },
    }
]

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{HOME_DIR / 'earshot.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE: two writers queue up instead of one failing when it upgrades its read lock.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    # Under ASGI each request has its own thread, and a kept connection would outlive it unused: there web has a pool.
    DATABASES["default"]["CONN_MAX_AGE"] = 0
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # A server that neither answers nor refuses: a request is to be told so, and not to wait as long as TCP does.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 3,
        "tcp_user_timeout": 15_000,
        "keepalives_idle": 15,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        **DATABASES["default"].get("OPTIONS", {}),
    }

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.entrance.backend.EvenBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = LOGOUT_REDIRECT_URL = "account_login"
LOGIN_REDIRECT_URL = "discovery"

# Who may sign up: everybody, whoever was invited, or nobody. What is ours about it is in accounts.entrance.
SIGN_UP = env.str("SIGN_UP", default="invitation")
SITE_URL = env.str("SITE_URL", default="http://localhost:8000").rstrip("/")
ACCOUNT_ADAPTER = "accounts.entrance.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.entrance.forms.SignIn",
    "signup": "accounts.entrance.forms.SignUp",
    "reset_password_from_key": "accounts.entrance.forms.ResetPassword",
    "change_password": "accounts.entrance.forms.ChangePassword",
}
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*"]
ACCOUNT_SIGNUP_REDIRECT_URL = "welcome"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"  # of those who have an address: accounts.entrance.stages
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True  # in the browser that signed up
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_SESSION_REMEMBER = True  # sessions are listed, and ended one by one
ACCOUNT_MAX_EMAIL_ADDRESSES = 3
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_RATE_LIMITS = {
    "login": "300/m/ip"
}  # a flood; wrong passwords are counted by accounts.entrance.limits
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=0)
MFA_ADAPTER = "accounts.entrance.second_factor.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Earshot"
MFA_TOTP_TOLERANCE = 1  # a clock may be half a minute wrong
HEADLESS_CLIENTS = [
    "browser"
]  # apps come in with a token (createDevice): a device that is listed and revoked
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="earshot@localhost")
# A page has a hundred rows; one more tells whether another follows.
STRAWBERRY_DJANGO = {"PAGINATION_MAX_LIMIT": 101}
# As accounts.models.DeviceScope says; a test holds the two together.
OAUTH2_PROVIDER = {
    "SCOPES": {
        "discover": "Recommendations and radio",
        "plays:read": "Read what you played and what you said of it",
        "plays:write": "Record plays, and say what you think of music",
        "playlists": "Read and change playlists",
        "social": "Friends, rooms, and what is shared with them",
        "privacy": "What you allow, what is known of you, and deleting it",
        "account": "Profile, devices, export and erasure",
    },
    "OAUTH2_VALIDATOR_CLASS": "accounts.oauth.AppValidator",
    "ACCESS_TOKEN_EXPIRE_SECONDS": 60 * 60,
    "REFRESH_TOKEN_EXPIRE_SECONDS": 90 * 24 * 60 * 60,  # since it was last renewed
    "REFRESH_TOKEN_REUSE_PROTECTION": True,  # one that comes a second time ends all that came of it
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https", "http"],  # http on a loopback address alone: accounts.oauth
    "PKCE_REQUIRED": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,  # of a token, a digest alone is stored
    "OAUTH2_RESPONSE_TYPES_SUPPORTED": ["code"],
    "OAUTH2_GRANT_TYPES_SUPPORTED": ["authorization_code", "refresh_token"],
    "OAUTH2_TOKEN_ENDPOINT_AUTH_METHODS_SUPPORTED": ["none", "client_secret_basic", "client_secret_post"],
}
SILENCED_SYSTEM_CHECKS = [
    "oauth2_provider.W008",  # that http is allowed, which apps on one's own machine need
    "security.W005",  # other names of the domain, and browsers' lists, are not ours to speak for
    "security.W021",
]
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "oauth2_provider.AccessToken"  # noqa: S105  # its own, as accounts.Device refers to it
SESSION_ENGINE = "accounts.sessions"  # and of a session

# A unix:// address is also what the embedded Redis listens on.
REDIS_URL = env.str("REDIS_URL", default=f"unix://{redis_socket(HOME_DIR)}")

# Tries to sign in are counted here, by all processes together.
CACHES = {
    "default": {
        "BACKEND": "discovery.platform.cache.SharedCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "earshot",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
}

# One figure for everything that must agree on how long a training may last: Celery kills it then, its
# claim ends then, and only later may Redis hand the same message to somebody else.
TRAINING_SECONDS = env.int("TRAINING_SECONDS", default=2 * 60 * 60)
TRAINING_LEASE_SECONDS = env.int("TRAINING_LEASE_SECONDS", default=60)
# One is the process that was asked to train; more are started by torchrun: docs/scale.md.
EARSHOT_TRAINING_WORKERS = env.int("EARSHOT_TRAINING_WORKERS", default=1)
EARSHOT_TRAINING_TORCHRUN = env.str("EARSHOT_TRAINING_TORCHRUN", default="")

# Stated in the policy text and promised in receipts: changing it is material (manage.py publish_policy).
SMALLEST_AGGREGATE = env.int("SMALLEST_AGGREGATE", default=10)
NEW_ARTISTS_AN_HOUR = env.int("NEW_ARTISTS_AN_HOUR", default=300)
# Where anybody can make accounts, plays count for others only after some days; for their listener they count at once.
ACCOUNT_DAYS_UNTIL_COUNTED = env.int("ACCOUNT_DAYS_UNTIL_COUNTED", default=3 if SIGN_UP == "open" else 0)

# Music servers that listeners may connect: base addresses, or the words public, private and loopback; none: public.
LIBRARY_SERVERS = env.list("LIBRARY_SERVERS", default=[])

# Who answers for this installation; checks ask for the first two and the authority.
OPERATOR_NAME = env.str("OPERATOR_NAME", default="")
OPERATOR_CONTACT = env.str("OPERATOR_CONTACT", default="")
OPERATOR_DPO = env.str("OPERATOR_DPO", default="")
OPERATOR_RECIPIENTS = env.str("OPERATOR_RECIPIENTS", default="")
COMPLAINT_AUTHORITY = env.str("COMPLAINT_AUTHORITY", default="")

# Up to here a request scores every item; beyond, faiss proposes which to score.
EXACT_ITEMS = env.int("EXACT_ITEMS", default=50_000)

# A new model serves as soon as it passed its gate, or is tried first: in the shadow, and then by a share of those who agreed.
EARSHOT_ROLLOUT = env.str("EARSHOT_ROLLOUT", default="direct")
EARSHOT_CANARY_SHARE = env.float("EARSHOT_CANARY_SHARE", default=0.1)
EARSHOT_COMMIT = env.str("EARSHOT_COMMIT", default="")

CELERY_BROKER_URL = celery_broker(REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CHANNEL_ERROR_RETRY = True  # a full Redis, too, is one that comes back
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker does not end because Redis is away for long
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": TRAINING_SECONDS + 10 * 60,
    "socket_connect_timeout": 5,
    "socket_timeout": 30,
}
CELERY_TASK_IGNORE_RESULT = True  # what a task did stands in the database
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = TRAINING_SECONDS
CELERY_TASK_SOFT_TIME_LIMIT = max(1, TRAINING_SECONDS - 60)
# A plain worker serves all four; where two run, one has `-Q training`, and nobody's import or export waits for it.
CELERY_TASK_QUEUES: dict[str, dict[str, str]] = {name: {} for name in QUEUES}
CELERY_TASK_DEFAULT_QUEUE = "serving"
CELERY_TASK_ROUTES = {
    "tasks.training.*": {"queue": "training"},
    "tasks.histories.*": {"queue": "imports"},
    "tasks.libraries.*": {"queue": "imports"},
    "tasks.engagement.*": {"queue": "imports"},
    "tasks.privacy.*": {"queue": "privacy"},
}
CELERY_BEAT_SCHEDULER = "tasks.pulse:Clock"
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 320_000  # KiB; who has trained is followed by somebody small
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

# Python works on one request at a time, so more at once would answer nobody sooner; whoever finds no place is told to come back.
REQUESTS_AT_ONCE = env.int("REQUESTS_AT_ONCE", default=8)
REQUESTS_WAITING = env.int("REQUESTS_WAITING", default=40)
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")  # none: /metrics is for this machine alone

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [
    BASE_DIR / "locale",
    BASE_DIR / "locale" / "allauth",
]  # the latter: what is said for a library
USE_TZ = True
TIME_ZONE = "UTC"
LOCAL_TIME_ZONE = env.str("LOCAL_TIME_ZONE", default="UTC")  # by which the hours of a day are told
STATIC_URL = "static/"
STATIC_ROOT = env.str("STATIC_ROOT", default="") or None  # none: served from where the apps keep them
WHITENOISE_USE_FINDERS = True
# Everything else is written for our own user alone; what collectstatic writes, the proxy reads.
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o644, 0o755

DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024  # the whole body of a GraphQL request

# How often one address and one person may ask: so many at once, and in each minute (or s, h); empty bounds nothing.
RATE_ADDRESS = env.str("RATE_ADDRESS", default="3000/m")
RATE_VIEWER = env.str("RATE_VIEWER", default="1200/m")
RATE_VOICE = env.str("RATE_VOICE", default="20/m")  # spoken commands of one person
QUERY_SECONDS = env.float("QUERY_SECONDS", default=2.0)  # a query's deadline; 0 bounds nothing
SOCKETS_WAITING = env.int("SOCKETS_WAITING", default=20)  # of one address, with nobody signed in yet

# GraphQL documents that apps ask by their ids: a folder of .graphql files, or a JSON file of ids and documents.
PERSISTED_DOCUMENTS = env.str("PERSISTED_DOCUMENTS", default="")
PERSISTED_ONLY = env.bool("PERSISTED_ONLY", default=False)  # whoever has no session here asks these alone
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("SECURE_COOKIES", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SESSION_COOKIE_SECURE else None
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE
SECURE_REDIRECT_EXEMPT = [r"^(livez|readyz|metrics)$"]  # asked beside the proxy, on the machine itself
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=365 * 24 * 60 * 60 if SESSION_COOKIE_SECURE else 0)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "json": {"()": "discovery.platform.discreet_log.JsonLines"},
    },
    "filters": {"discreet": {"()": "discovery.platform.discreet_log.Discreet"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": env.str("LOG_FORMAT", default="line"),
            "filters": ["discreet"],
        }
    },
    "loggers": {
        "faiss.loader": {"level": "WARNING"},  # it tells which instructions it looks for
        # They tell addresses with all that stands in them, and music servers are signed in to there.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
