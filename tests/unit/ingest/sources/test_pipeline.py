from common.post import LightPost
from ingest.decode.follow_event import decode_follow
from ingest.decode.refined_event import decode_event
from ingest.events import AuthorDelete, Follow, PostDelete
from ingest.sources.pipeline import addressing
from ingest.sources.tracker import TrackedEvent

ADDRESSED = addressing("posts", "follows")


def test_posts_go_to_the_refined_topic_by_post_id() -> None:
    for event, key in ((LightPost(1, 2, 3), b"1"), (PostDelete(1, 3), b"1"), (AuthorDelete(2, 3), b"2")):
        address = ADDRESSED(TrackedEvent(1, event))
        assert (address.topic, address.key, decode_event(address.value)) == ("posts", key, event)


def test_follows_go_to_their_own_by_viewer() -> None:
    follow = Follow(1, 2, 3, 4)
    address = ADDRESSED(TrackedEvent(1, follow))
    assert (address.topic, address.key, decode_follow(address.value)) == ("follows", b"1", follow)
