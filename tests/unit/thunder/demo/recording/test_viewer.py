from common.post import LightPost
from ingest.events import Follow
from thunder.demo.recording.file import Recording, RecordingFormat
from thunder.demo.recording.viewer import choose_viewer

ANNA, BEN, CLEO, DINA = 1, 2, 3, 4


def recording(*follows: Follow) -> Recording:
    posts = [LightPost(10, ANNA, 100), LightPost(11, BEN, 101), LightPost(12, BEN, 102)]
    names = {ANNA: "did:anna", BEN: "did:ben", CLEO: "did:cleo", DINA: "did:dina"}
    return Recording(RecordingFormat.JETSTREAM, events=[*posts], follows=list(follows), dids=names)


def test_viewer_follows_the_authors_of_most_posts() -> None:
    viewer = choose_viewer(recording(Follow(CLEO, ANNA, 20, 0), Follow(DINA, 99, 21, 0), Follow(DINA, BEN, 22, 0)))

    assert (viewer.user_id, viewer.name, viewer.following) == (DINA, "did:dina", (99, BEN))
    assert viewer.description == "did:dina, who follows 2 people"


def test_removed_follow_does_not_count() -> None:
    ended = Follow(CLEO, 0, 20, 1, removed=True)
    viewer = choose_viewer(recording(Follow(CLEO, BEN, 20, 0), Follow(CLEO, ANNA, 21, 0), ended))

    assert (viewer.user_id, viewer.following) == (CLEO, (ANNA,))


def test_without_follows_the_viewer_follows_every_author() -> None:
    viewer = choose_viewer(recording(Follow(CLEO, 99, 20, 0)))

    assert (viewer.user_id, viewer.following) == (0, (BEN, ANNA))
    assert viewer.description == "a viewer who follows everyone who posted, 2 people"


def test_follows_without_an_id_differ_by_viewer_and_target() -> None:
    nameless = Follow(CLEO, ANNA, 0, 0), Follow(CLEO, BEN, 0, 0), Follow(CLEO, ANNA, 0, 1, removed=True)

    assert choose_viewer(recording(*nameless)).following == (BEN,)
