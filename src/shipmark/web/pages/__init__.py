"""One module for each page or small family of pages."""

from litestar import Router

router = Router("/", route_handlers=[])
