"""Engines: ways to embed an image under every mask, and the choice among them."""
