"""The static site. Imports neither torch nor any other runtime: it can be built wherever the tables are."""

from whyface.site.build.render import render_site

__all__ = ["render_site"]
