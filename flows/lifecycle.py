"""The main job: from a market directory to a registered model with its evidence."""

from __future__ import annotations
