"""Which stand-in takes the place of a system: by its manifest, and never one for a system that only a person knows."""

from dataclasses import replace
from pathlib import Path

import pytest

from accord.config.manifest import manifest_of, read_manifest
from accord.config.yamlfile import parse_yaml
from accord.documents.standin import manifest_text
from accord.errors import UsageError
from accord.sandbox.instead import stand_in_of, start_instead
from accord.sandbox.people import calls

MANIFESTS = Path(__file__).parents[2] / "src" / "accord" / "connectors" / "manifests"


def test_a_manifest_made_from_a_document_is_served_by_the_one_for_any_system_whatever_it_is_called() -> None:
    for name in ("customcrm", "Customcrm", "Some other"):
        made = manifest_of(parse_yaml(manifest_text(name, {"Contact": {}}).encode(), "m.yaml"))
        assert stand_in_of(made) == "standin"


def test_the_shipped_manifests_have_servers_of_their_own_and_others_have_none() -> None:
    assert [stand_in_of(read_manifest(MANIFESTS / f"{name}.yaml")) for name in ("customcrm", "membercare")] == ["customcrm", "membercare"]
    with pytest.raises(UsageError, match="there is no stand-in for other"):
        stand_in_of(replace(read_manifest(MANIFESTS / "customcrm.yaml"), system="other"))


@pytest.mark.slow
def test_what_was_started_is_reached_by_the_variables_that_the_manifest_names(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    file.write_text(manifest_text("Some CRM", {"Contact": {}}))
    running, values = start_instead(read_manifest(file), file, 1, 1)
    with running:
        assert values == {"SOME_CRM_URL": running.url, "SOME_CRM_KEY": running.key}
        assert calls(running.url)["reads"] == 0
