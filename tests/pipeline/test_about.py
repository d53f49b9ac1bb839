"""What Graft says of itself and of what it stands on."""

from pipeline import about

WITHOUT = "–"


def test_graft_has_a_version_and_a_licence():
    assert (about.graft().name, about.graft().licence) == ("Graft", "Apache-2.0")
    assert about.graft().version[0].isdigit()


def test_every_library_has_a_version_and_a_licence():
    found = {each.name: each for each in about.libraries()}
    assert set(found) == {"Python", *about.PACKAGES}
    assert [name for name, each in found.items() if each.licence == WITHOUT] == []
    assert found["duckdb"].licence == "MIT"
    assert found["peft"].licence == found["transformers"].licence == "Apache-2.0"
