"""The static site. It imports neither torch nor any other model runtime, so it can be built wherever the tables are."""

from whyface.site.rendering.render import render_site

__all__ = ["render_site"]
