"""`create_app`: put the rooms together."""

import orjson
from flask import Flask
from flask.json.provider import JSONProvider
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

from groupbuy.app import registry, system
from groupbuy.app.documentation import describe_api
from groupbuy.app.gate import ApplicationGate
from groupbuy.cli.books import EXTENSION as BOOKS
from groupbuy.kernel import access, cache, clock, limits, personal, settings
from groupbuy.kernel.db import db
from groupbuy.kernel.errors import register_error_handlers
from groupbuy.kernel.http import IdConverter, MonthConverter
from groupbuy.kernel.observability import configure_logging, observe_requests

MAX_BODY_BYTES = 1 << 20


class OrjsonProvider(JSONProvider):
    """JSON by orjson: faster, and exact for the integers that money is made of."""

    def dumps(self, obj: object, **kwargs: object) -> str:
        """Serialise."""
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **kwargs: object) -> object:
        """Parse."""
        return orjson.loads(s)


def create_app(
    configuration: settings.Settings | None = None, *, ticking: clock.Clock | None = None
) -> Flask:
    """Build the application.

    Args:
        configuration: the settings; read from the environment when left out.
        ticking: the clock; the machine's when left out.

    Raises:
        ConfigurationError: the environment is incomplete.
    """
    configuration = configuration or settings.from_environment()
    configure_logging(configuration.log_level)
    app = Flask("groupbuy", static_folder=None)
    app.json = OrjsonProvider(app)
    app.config.update(
        SQLALCHEMY_DATABASE_URI=configuration.sqlalchemy_url,
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        API_TITLE="groupbuy",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
    )
    app.extensions[settings.EXTENSION] = configuration
    app.extensions[clock.EXTENSION] = ticking or clock.SystemClock()
    app.extensions[access.EXTENSION] = ApplicationGate()
    app.url_map.converters["id"] = IdConverter
    app.url_map.converters["month"] = MonthConverter
    if configuration.trusted_proxies:
        # Rate limits count by the caller's address, not by the proxy's.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=configuration.trusted_proxies
        )
    db.init_app(app)
    Migrate(app, db, directory=str(registry.MIGRATIONS), compare_type=True)
    limits.init_app(app, configuration.redis_url)
    observe_requests(app)
    register_error_handlers(app)
    registry.open_rooms()
    documented = describe_api(app)
    for blueprint in registry.blueprints():
        documented.register_blueprint(blueprint)
    register_error_handlers(app)
    system.register(app)
    cache.install(
        app,
        redis_url=configuration.redis_url,
        milliseconds=configuration.public_cache_milliseconds,
    )
    app.extensions[BOOKS] = tuple(registry.invariants())
    app.extensions[personal.EXTENSION] = tuple(registry.personal())
    for group in registry.commands():
        app.cli.add_command(group)
    return app
