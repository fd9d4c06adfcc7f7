"""All settings of the site, read from the environment or a `.env` file, and nowhere else (docs/configuration.md)."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import django_stubs_ext
from csp.constants import NONE, SELF
from environs import FileAwareEnv
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from reconsite.core import social_sign_in
from reconsite.core.private_files import generated_secret, private_file, private_folder
from reconsite.core.storage_url import choose

django_stubs_ext.monkeypatch()  # allows annotations such as `admin.ModelAdmin[Job]` at run time

BASE_DIR = Path(__file__).resolve().parent.parent

VERSION: str = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]

env = FileAwareEnv()
env.read_env(BASE_DIR / ".env", recurse=False)

VAR_DIR = Path(env.str("VAR_DIR", str(BASE_DIR / "var")))
private_folder(VAR_DIR)

# --- address and secrets ---------------------------------------------------------------------------------------------
SITE_URL = env.str("SITE_URL", f"http://localhost:{env.int('WEB_PORT', 8000)}").rstrip("/")
_site = urlparse(SITE_URL)
_LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
DEVELOPMENT = (_site.hostname or "") in ("localhost", "127.0.0.1", "::1")
"""True on your own machine: the demo account is allowed, and email goes to the console."""

DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", "") or generated_secret(VAR_DIR / "secret_key")
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", _LOCAL_HOSTS if DEVELOPMENT else [_site.hostname or "", *_LOCAL_HOSTS])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", [SITE_URL])

# --- apps, middleware, templates -------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "daphne",
    "servestatic",
    "reconsite.admin.site.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "django_rq",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.github",
    "allauth.usersessions",
    "csp",
    "corsheaders",
    "accounts",
    "jobs",
]
MIDDLEWARE = [
    "reconsite.middleware.name_requests",
    "django.middleware.security.SecurityMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "reconsite.middleware.refuse_odd_addresses",
    "reconsite.middleware.body_limit",
    "servestatic.middleware.ServeStaticMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "reconsite.middleware.no_store",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.require_second_factor",
    "accounts.middleware.track_session",
]
ROOT_URLCONF = "reconsite.urls"
ASGI_APPLICATION = "reconsite.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "libraries": {"islands": "reconsite.islands"},
        },
    },
]

# --- database: SQLite by default, PostgreSQL through DATABASE_URL ----------------------------------------------------
DATABASES = {"default": env.dj_db_url("DATABASE_URL", f"sqlite:///{VAR_DIR / 'db.sqlite3'}")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    _database = Path(str(DATABASES["default"]["NAME"]))
    if _database.is_absolute():  # not `:memory:`
        private_file(_database)  # SQLite gives its other files the same permissions
    # Several processes write: with WAL the others can read meanwhile, and an immediate transaction waits for the lock
    # when it begins instead of failing halfway.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 5,  # then a page answers 503, and a worker tries again (reconsite.core.busy, jobs.work.patience)
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }

DATABASES["default"]["TEST"] = {"NAME": env.str("TEST_DATABASE_NAME", "") or None}

# --- Redis: queue, channel layer and cache ---------------------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", "")
if not REDIS_URL:  # the one that `make run` starts
    _password = generated_secret(VAR_DIR / "redis_password")
    REDIS_URL = f"redis://:{_password}@127.0.0.1:{env.int('REDIS_PORT', 6390)}/0"
_redis = urlparse(REDIS_URL)
REDIS_WAIT_SECONDS = env.float("REDIS_WAIT_SECONDS", 0.4)
# A Redis that hangs must not block a web request (redis-py's defaults can take a minute). A connection that has broken
# is replaced once; a wait is not repeated. After a failure nothing tries Redis for a while (reconsite.core.outage).
REDIS_TIMEOUTS = {
    "socket_timeout": REDIS_WAIT_SECONDS,
    "socket_connect_timeout": REDIS_WAIT_SECONDS,
    "retry": Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
}
JOB_QUEUE = "cpu"  # of the queues below, the one that all connections are made for
EVERY_WORKER_QUEUE = "remix"
_queue: dict[str, Any] = {
    # HOST and PORT, not URL: django-rq ignores the connection arguments when it is given a URL.
    "HOST": _redis.hostname or "127.0.0.1",
    "PORT": _redis.port or 6379,
    "DB": int(_redis.path.strip("/") or 0),
    "USERNAME": _redis.username,
    "PASSWORD": _redis.password,
    "SSL": _redis.scheme == "rediss",
    "DEFAULT_TIMEOUT": env.int("JOB_TIMEOUT", 900),
    "SERIALIZER": "rq.serializers.JSONSerializer",
    "REDIS_CLIENT_KWARGS": REDIS_TIMEOUTS,
}
RQ_QUEUES = dict.fromkeys(("remix", "cpu", "gpu"), _queue)  # jobs.core.routing says which job waits where
RQ_SHOW_ADMIN_LINK = False  # its pages would let any staff user stop and empty queues
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            # An idle consumer waits on Redis for a long time: no socket timeout here (docs/decisions/0001).
            "hosts": [{"address": REDIS_URL, "socket_timeout": None, "socket_connect_timeout": 2}],
            "capacity": 500,
            "expiry": 15,
        },
    },
}
CACHES = {
    "default": {
        "BACKEND": "reconsite.cache.FallbackRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "cache",
        "OPTIONS": REDIS_TIMEOUTS,
    },
}

# --- jobs: limits and intervals --------------------------------------------------------------------------------------
MAX_UPLOAD_BYTES = env.int("MAX_UPLOAD_MB", 20) * 1024 * 1024
SUBJECT_CHECK_SECONDS = env.float("SUBJECT_CHECK_SECONDS", 10.0)  # 0 turns the check off
MAX_PIXELS = env.int("MAX_MEGAPIXELS", 50) * 1_000_000
SLOW_CLIENT_SECONDS = env.float("SLOW_CLIENT_SECONDS", 15)
PHOTO_MEMORY_BYTES = env.int("PHOTO_MEMORY_MB", 1000) * 1024 * 1024
PHOTO_PROCESSES = env.int("PHOTO_PROCESSES", 0)  # 0: as many as memory and cores allow
EVENT_STREAM_SECONDS = env.float("EVENT_STREAM_SECONDS", 3600)
MAX_SOCKETS_PER_USER = env.int("MAX_SOCKETS_PER_USER", 20)
MAX_SOCKETS_PER_ADDRESS = env.int("MAX_SOCKETS_PER_ADDRESS", 100)
WEBHOOK_NETWORKS: list[str] = env.list("WEBHOOK_NETWORKS", [])  # private ones that webhooks may reach
MAX_ACTIVE_JOBS = env.int("MAX_ACTIVE_JOBS", 5)
QUOTA_MB = env.int("QUOTA_MB", 5000)  # photos and results of one person; 0: unlimited
ARCHIVE_DAYS = env.int("ARCHIVE_DAYS", 0)  # then only photos, scene and poster of a private model are kept; 0: never
RETENTION_DAYS = env.int("RETENTION_DAYS", 0)  # then a job that nobody else sees goes to the bin; 0: never
MIN_FREE_BYTES = env.int("MIN_FREE_MB", 500) * 1024 * 1024
JOB_TIMEOUT = env.int("JOB_TIMEOUT", 900)
# SQLite is on one machine, where the reconciler sees a dead process at once: there the lease may outlast a long lock.
LEASE_SECONDS = env.float("LEASE_SECONDS", 30.0 if DATABASES["default"]["ENGINE"].endswith("sqlite3") else 10.0)
BEAT_SECONDS = env.float("BEAT_SECONDS", 2.0)
RECONCILE_SECONDS = env.float("RECONCILE_SECONDS", 2.5)
RING_AGAIN_SECONDS = env.float("RING_AGAIN_SECONDS", 15.0)
WORKER_SEEN_SECONDS = 60  # a worker counts as online this long after its last heartbeat (every 10 s)
WARM_ENGINE = env.bool("WARM_ENGINE", True)
CALIBRATE = env.bool("CALIBRATE", True)
WORKER_ENGINES: list[str] = env.list("WORKER_ENGINES", [])  # what a worker runs; empty: all that are installed
ENGINE_MAX_MB = env.int("ENGINE_MAX_MB", 6000)
TRIPOSR_BATCH = env.int("TRIPOSR_BATCH", 1)  # workers that share one TripoSR network, and photos in one pass of it
MODELS_DIR = Path(env.str("MODELS_DIR", "") or BASE_DIR / "var" / "models")
BACKGROUND_MODEL = env.str("BACKGROUND_MODEL", "u2netp")

# --- files -----------------------------------------------------------------------------------------------------------
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", str(BASE_DIR / "media")))
MEDIA_URL = ""  # private: jobs.http.delivery is the only way to a file
try:
    _storage = choose(env.str("STORAGE_URL", ""), str(MEDIA_ROOT))
except ValueError as error:
    raise SystemExit(str(error)) from None
STORAGE_REDIRECT = env.bool("STORAGE_REDIRECT", True)  # browsers fetch files from the bucket, by signed links
_download_origin = [_storage.download_origin] if _storage.download_origin and STORAGE_REDIRECT else []
ACCEL_REDIRECT_PREFIX = env.str("ACCEL_REDIRECT_PREFIX", "")
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(VAR_DIR / "static")))
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": _storage.backend, "OPTIONS": _storage.options},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "servestatic.storage.CompressedManifestStaticFilesStorage",
    },
}
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_500_000  # bytes; a larger upload goes to a temporary file
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000  # bytes of a request without its files
DATA_UPLOAD_MAX_NUMBER_FILES = 10
DATA_UPLOAD_MAX_NUMBER_FIELDS = 50  # the longest form selects 40 rows of an admin list

# --- accounts --------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.core.passwords.SiteWordsValidator"},
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]  # "Show" checks the password better than typing it twice
# Without a mail server nobody could confirm an address. With one, sign-up does not tell who has an account.
HAS_MAIL_SERVER = env.str("EMAIL_URL", "console:").startswith("smtp")
ACCOUNT_EMAIL_VERIFICATION = env.str("EMAIL_VERIFICATION", "mandatory" if HAS_MAIL_SERVER else "optional")
ACCOUNT_RATE_LIMITS = {"signup_taken": "5/h/ip"}  # how often sign-up says that an address is taken
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # the password again before an email address is added
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_ADAPTER = "accounts.pages.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.pages.auth_forms.SignInForm",
    "signup": "accounts.pages.auth_forms.SignUpForm",
    "add_email": "accounts.pages.auth_forms.AddEmailForm",
    "change_password": "accounts.pages.auth_forms.ChangePasswordForm",
    "reauthenticate": "accounts.pages.auth_forms.ReauthenticateForm",
    "reset_password": "accounts.pages.auth_forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.pages.auth_forms.ResetPasswordKeyForm",
    "set_password": "accounts.pages.auth_forms.SetPasswordForm",
}
ACCOUNT_EMAIL_NOTIFICATIONS = HAS_MAIL_SERVER  # an email after each change of password, addresses and second factor
STAFF_SECOND_FACTOR = env.bool("STAFF_SECOND_FACTOR", False)
MFA_ADAPTER = "accounts.pages.mfa_adapter.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = ACCOUNT_EMAIL_VERIFICATION != "mandatory"  # without a mail server, none can be verified
MFA_FORMS = {
    "authenticate": "accounts.pages.mfa_forms.CodeForm",
    "reauthenticate": "accounts.pages.mfa_forms.ConfirmCodeForm",
    "activate_totp": "accounts.pages.mfa_forms.ActivateAppForm",
    "add_webauthn": "accounts.pages.mfa_forms.AddPasskeyForm",
    "authenticate_webauthn": "accounts.pages.mfa_forms.PasskeyForm",
    "reauthenticate_webauthn": "accounts.pages.mfa_forms.ConfirmPasskeyForm",
    "login_webauthn": "accounts.pages.mfa_forms.PasskeySignInForm",
    "edit_webauthn": "accounts.pages.mfa_forms.RenamePasskeyForm",
}
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("NUM_PROXIES", 0)  # rate limits and sessions see the client, not the proxy
SOCIAL_SIGN_IN = {
    "google": (env.str("GOOGLE_CLIENT_ID", ""), env.str("GOOGLE_CLIENT_SECRET", "")),
    "github": (env.str("GITHUB_CLIENT_ID", ""), env.str("GITHUB_CLIENT_SECRET", "")),
}
SOCIALACCOUNT_PROVIDERS = social_sign_in.providers(SOCIAL_SIGN_IN)
SOCIALACCOUNT_ADAPTER = "accounts.pages.social_adapter.SocialAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True  # the adapter says for whom
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _site.scheme or "http"  # of the address to which a provider sends people back
OPEN_SIGN_UP = env.bool("OPEN_SIGN_UP", True)
LOGIN_REDIRECT_URL = "jobs:upload"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
LOGIN_URL = "account_login"
EMAIL_CONFIG = env.dj_email_url("EMAIL_URL", "console:")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = EMAIL_CONFIG.get("EMAIL_TIMEOUT") or 10  # a mail server that hangs must not block a page
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", f"Reconsite <noreply@{_site.hostname}>")

# --- API -------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.core.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "accounts.core.permissions.HasScope",
    ],
    "DEFAULT_PARSER_CLASSES": ["jobs.api.parsers.LimitedJSONParser"],  # forms only where a file is sent
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "jobs.api.pagination.JobPagination",
    "DEFAULT_SCHEMA_CLASS": "jobs.api.schema.ApiSchema",
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "DEFAULT_THROTTLE_RATES": {
        "submit": env.str("SUBMIT_RATE", "30/min"),
        "cutout": env.str("CUTOUT_RATE", "60/min"),
        "upload": env.str("UPLOAD_RATE", "60/min"),
        "report": env.str("REPORT_RATE", "10/hour"),
        "share": env.str("SHARE_RATE", "60/hour"),
        "sign-in": env.str("SIGN_IN_RATE", "10/min"),
        "account": env.str("ACCOUNT_RATE", "30/hour"),
    },
    "NUM_PROXIES": env.int("NUM_PROXIES", 0),
    "URL_FORMAT_OVERRIDE": None,  # `?format=` is the format of a model
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_FORMATTER_CLASS": "jobs.api.exception_handler.ProblemFormatter",
    "EXCEPTION_HANDLER_CLASS": "jobs.api.exception_handler.ApiExceptionHandler",
}
# Pages of other sites may call the API with a token, if they are listed; never with a cookie.
CORS_ALLOWED_ORIGINS: list[str] = env.list("CORS_ALLOWED_ORIGINS", [])
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = ["authorization", "content-type", "idempotency-key", "if-none-match", "last-event-id", "range"]
CORS_EXPOSE_HEADERS = ["Content-Disposition", "Content-Range", "ETag", "Location", "Retry-After"]
CORS_ALLOW_HEADERS += ["tus-resumable", "upload-checksum", "upload-length", "upload-metadata", "upload-offset"]
CORS_EXPOSE_HEADERS += ["Tus-Resumable", "Upload-Expires", "Upload-Length", "Upload-Offset"]
CORS_EXPOSE_HEADERS += [f"RateLimit-{name}" for name in ("Limit", "Remaining", "Reset", "Policy")]
CORS_EXPOSE_HEADERS += [f"Quota-{of}-{name}" for of in ("Storage", "Jobs") for name in ("Limit", "Remaining")]
CORS_EXPOSE_HEADERS += ["Deprecation", "Sunset", "Link"]
KNOX_TOKEN_MODEL = "accounts.ApiToken"
MIGRATION_MODULES = {"knox": None}  # its table is unused, and keeps PostgreSQL from truncating users
REST_KNOX = {
    "TOKEN_TTL": timedelta(days=30),
    "AUTO_REFRESH": True,
    "AUTH_HEADER_PREFIX": "Bearer",
    "TOKEN_MODEL": KNOX_TOKEN_MODEL,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Reconsite API",
    "DESCRIPTION": "One photo in, a textured 3D model out.",
    "VERSION": "1",  # of the API; VERSION is that of the site
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1/",  # not part of operation ids and tags
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "jobs.api.examples.add_examples",
        "jobs.api.operation_links.add_links",
    ],
    "ENUM_NAME_OVERRIDES": {
        "StateEnum": "jobs.models.State.choices",
    },
}

# --- security --------------------------------------------------------------------------------------------------------
_https = _site.scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
if _https:  # a browser accepts these names only from this host, with Secure and for every path
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
SECURE_SSL_REDIRECT = _https and env.bool("SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _https
BEHIND_PROXY = env.bool("BEHIND_PROXY", False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
_socket_origin = f"{'wss' if _https else 'ws'}://{_site.netloc}"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:", *_download_origin],
        "media-src": [SELF, "blob:", *_download_origin],
        "font-src": [SELF],
        "frame-src": [SELF],  # the preview of an embedded model
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "connect-src": [SELF, "blob:", _socket_origin, *_download_origin],
        "form-action": [SELF, *social_sign_in.origins(SOCIAL_SIGN_IN)],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}


def _static_headers(headers: Any, path: str, url: str) -> None:
    """A static file that is opened as a page loads and runs nothing."""
    headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'; sandbox"


SERVESTATIC_ADD_HEADERS_FUNCTION = _static_headers

# --- language, time, log ---------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", "UTC")
METRICS_TOKEN = env.str("METRICS_TOKEN", "")
SENTRY_DSN = env.str("SENTRY_DSN", "")
OTEL_ENDPOINT = env.str("OTEL_ENDPOINT", "")
_LOG_LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": _LOG_LINE, "datefmt": "%Y-%m-%dT%H:%M:%S%z"},
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": _LOG_LINE,
            "datefmt": "%Y-%m-%dT%H:%M:%S%z",
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
        },
    },
    "filters": {
        "secrets": {"()": "reconsite.core.log_secrets.MaskSecrets"},
        "context": {"()": "reconsite.core.log_context.AddContext"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": env.str("LOG_FORMAT", "line"),
            "filters": ["secrets", "context"],
        }
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
}
