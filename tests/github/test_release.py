"""A release on GitHub, also where its answer is lost."""

from __future__ import annotations

import pytest
from tests.github.conftest import Team

from fleet.testing.github import Fault

pytestmark = [pytest.mark.slow]


def test_what_is_merged_is_released_once_though_the_answer_is_lost(team: Team):
    declared = team.place.config.read_text()
    jobs = "      merge: {action: merge, needs: [review]}\n"
    said = 'tag: "v1.{change}", notes: "{title} {links}"'
    release = f"      release: {{action: release, needs: [merge], {said}}}\n"
    team.place.config.write_text(declared.replace(jobs, jobs + release))
    team.hub.faults.add(Fault(method="POST", path="/releases", status=502, times=1, performed=True))
    number = team.ready("Add a note")
    assert team.watch() == 0
    (pull,), (made,) = team.api("/pulls?state=all"), team.api("/releases")
    assert made["tag_name"] == f"v1.{pull['number']}"
    assert f"For acme/shop#{number}" in made["body"]
    assert made["target_commitish"] == pull["merge_commit_sha"]
    assert team.labels(number) == ["fleet:done"]
