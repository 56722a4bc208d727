"""What the desk may set: how numbers are guarded, and how long a decision lasts."""

from __future__ import annotations

import os
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from flows.feedback_rule import FeedbackRule
from flows.ledger.decisions import DecisionRule
from flows.overrides import OverrideRule
from flows.refusal import RefusedError
from flows.schedules import Schedules
from flows.settings import canonical_digest
from flows.watch_rule import WatchRule
from validation.confidence_sequence import ShadowRule
from validation.gates import GateRule
from validation.guardrail import GuardrailRule
from validation.monitor_rule import MonitorRule

ENVIRONMENT = "FORESHOCK_DESK"


class DeskSettings(BaseModel):
    """Everything of the session cycle that is a choice; ``infra/settings/desk.yaml`` explains it.

    Attributes
    ----------
    guardrail : GuardrailRule
    override : OverrideRule
    monitor : MonitorRule
    shadow : ShadowRule
    gates : GateRule
        What a version must pass before it may be promoted.
    feedback : FeedbackRule
        What becomes of flags; the numbers of a session do not depend on it.
    decision : DecisionRule
    watch : WatchRule
        What is told of the market; the numbers of a session do not depend on it.
    schedules : Schedules
        When to try; what comes of it does not depend on them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    guardrail: GuardrailRule = GuardrailRule()
    override: OverrideRule = OverrideRule()
    monitor: MonitorRule = MonitorRule()
    shadow: ShadowRule = ShadowRule()
    gates: GateRule = GateRule()
    feedback: FeedbackRule = FeedbackRule()
    decision: DecisionRule = DecisionRule()
    watch: WatchRule = WatchRule()
    schedules: Schedules = Schedules()

    @property
    def digest(self) -> str:
        """SHA-256 of all that the numbers of a session depend on, whatever file it came from."""
        aside = {"schedules", "decision", "gates", "feedback", "watch"}
        return canonical_digest(self.model_dump(mode="json", exclude=aside))


def read_desk_settings(path: Path | None = None) -> DeskSettings:
    """Settings from a YAML file, by default the one that ``FORESHOCK_DESK`` names.

    What the file leaves out, and everything where there is no file, has its default.

    Raises
    ------
    RefusedError
        If the file cannot be read, or a setting is unknown or breaks its rule.
    """
    named = os.environ.get(ENVIRONMENT)
    path = path or (Path(named).expanduser() if named else None)
    if path is None:
        return DeskSettings()
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RefusedError(f"{path}: not a readable YAML file ({error}).") from error
    if not isinstance(loaded, dict):
        raise RefusedError(
            f"{path}: must hold `part:` with `setting: value` lines, got {loaded!r}."
        )
    try:
        return DeskSettings.model_validate(loaded)
    except ValidationError as error:
        told = [
            f"{path}: {'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}, "
            f"got {problem['input']!r:.80}."
            for problem in error.errors()
        ]
        raise RefusedError("\n".join(told)) from error
