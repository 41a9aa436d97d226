"""Parts of the merge that the scenarios cannot show: its requests, and stores that hold more than they should."""

from common.post import LightPost
from common.store.member import LIST_CAP, NEWEST_TAG, encode_member
from common.store.record import PostRecord
from serve.query import Caps, Place, Query
from serve.timeline.merge import Merge, Merged

NOW = 1_790_000_000
QUERY = Query(1, (5, 6), frozenset(), 3, video=False, caps=Caps(50, 30, 100, 500))
PARENT = PostRecord(NOW, 9, is_reply=False, is_retweet=False, has_video=False, in_reply_to_post_id=None)


def post(post_id: int, age: int = 0) -> bytes:
    return encode_member(LightPost(post_id, 5, NOW - age))


def newer(post_id: int, age: int = 0) -> bytes:
    return post(post_id, age) + bytes((1, NEWEST_TAG + 8))


def reply(post_id: int, parent: int, age: int = 0) -> bytes:
    return encode_member(LightPost(post_id, 5, NOW - age, in_reply_to_post_id=parent, is_reply=True))


def test_an_author_is_incomplete_while_unread_posts_may_count() -> None:
    merge = Merge(QUERY, NOW - 600)
    merge.add_author(5, [post(50, 0), post(49, 1)], post(49, 1))
    merge.add_author(6, [post(60, 2), post(59, 300)], post(59, 300))
    merged = merge.run()
    assert merged.passed == [post(50, 0), post(49, 1), post(60, 2)]
    assert merged.incomplete_authors == [5]
    merge.add_author(5, [post(50, 0), post(49, 1), post(48, 5)], post(48, 5))
    merged = merge.run()
    assert merged.incomplete_authors == []
    assert merged.examined == merged.passed == [post(50, 0), post(49, 1), post(60, 2)]


def test_only_authors_who_may_change_the_answer_are_read_on() -> None:
    merge = Merge(QUERY, NOW - 600)
    merge.add_author(5, [post(50, 0), post(49, 1)], post(49, 1))
    merge.add_author(6, [post(60, 2)], post(60, 2))
    assert merge.run().incomplete_authors == [5]


def test_an_author_whose_last_post_ends_the_answer_is_complete() -> None:
    merge = Merge(QUERY, NOW - 600)
    newest = [post(50, 0), post(49, 1), post(48, 2)]
    merge.add_author(5, newest, newest[-1])
    assert merge.run().incomplete_authors == [5]  # has it more?
    merge.add_author(6, [post(60, 9)], None)
    assert merge.run() == Merged(newest, newest, [], [], has_more=True)


def test_an_author_whose_last_read_post_is_expired_is_complete() -> None:
    merge = Merge(QUERY, NOW - 600)
    merge.add_author(5, [post(50), post(49, 601)], post(49, 601))
    assert merge.run() == Merged([post(50)], [post(50)], [], [])


def test_what_cannot_be_had_is_done_without() -> None:
    merge = Merge(QUERY, NOW - 600)
    merge.add_author(5, [post(50)], post(50))
    merge.close_author(5)
    assert merge.run().incomplete_authors == []


def test_what_cannot_be_had_may_be_more() -> None:
    merge = Merge(QUERY, NOW - 600)
    merge.add_author(5, [post(50)], None)
    assert not merge.may_have_more(merge.run())
    merge.note_gap()
    assert merge.may_have_more(merge.run())


def test_an_undecided_reply_between_two_posts_is_no_more() -> None:
    merge = Merge(QUERY, NOW - 600)
    merge.add_author(5, [post(50), reply(49, 7, 1), post(48, 2)], None)
    [parent] = merge.run().unknown_parents
    merge.close_parent(parent)
    merged = merge.run()
    assert merged.passed == [post(50), post(48, 2)]
    assert not merge.may_have_more(merged)


def test_a_reply_waits_for_its_parent() -> None:
    merge = Merge(QUERY, NOW - 600)
    merge.add_author(5, [reply(50, parent=7), post(49, 1)], None)
    merged = merge.run()
    assert merged.passed == [post(49, 1)]
    assert len(merged.unknown_parents) == 1
    merge.add_parent(merged.unknown_parents[0], PARENT)
    merged = merge.run()
    assert merged.passed == [reply(50, parent=7), post(49, 1)]
    assert merged.unknown_parents == []


def test_two_encodings_of_a_post_are_one() -> None:
    merge = Merge(QUERY, NOW - 600)
    other = encode_member(LightPost(50, 5, NOW, conversation_id=50))
    merge.add_author(5, sorted([post(50), other], reverse=True), None)
    assert len(merge.run().passed) == 1


def test_another_encoding_of_the_last_post_is_no_more() -> None:
    merge = Merge(QUERY, NOW - 600)
    both = sorted([post(50, 2), encode_member(LightPost(50, 5, NOW - 2, conversation_id=50))], reverse=True)
    newest = [post(60), post(55, 1), both[0]]
    merge.add_author(5, [*newest, both[1]], None)
    merged = merge.run()
    assert (merged.passed, merged.has_more) == (newest, False)


def test_what_a_newer_version_wrote_is_left_out_and_counted() -> None:
    merge = Merge(QUERY, NOW - 600)
    merge.add_author(5, [newer(52), post(51), newer(50), newer(40, 601)], newer(40, 601))
    assert merge.run() == Merged([post(51)], [post(51)], [], [])
    assert merge.unreadable == 2


def test_a_list_is_read_on_behind_what_a_newer_version_wrote() -> None:
    merge = Merge(QUERY, NOW - 600)
    merge.add_author(5, [newer(52), newer(51)], newer(51))
    assert merge.run().incomplete_authors == [5]
    merge.add_author(5, [newer(52), newer(51), post(50)], None)
    assert merge.run().passed == [post(50)]


def test_a_post_of_both_versions_is_not_left_out() -> None:
    merge = Merge(QUERY, NOW - 600)
    merge.add_author(5, [newer(50), post(50)], None)
    assert (merge.run().passed, merge.unreadable) == ([post(50)], 0)


def test_entries_beyond_the_list_cap_do_not_exist() -> None:
    members = [post(10_000 - age, age // 10) for age in range(LIST_CAP + 10)]
    seen = frozenset(10_000 - age for age in range(LIST_CAP - 1))
    merge = Merge(QUERY._replace(excluded=seen), NOW - 600)
    merge.add_author(5, members, members[-1])
    merged = merge.run()
    assert merged.passed == [members[LIST_CAP - 1]]
    assert merged.incomplete_authors == [5]  # replies and reposts may lie deeper


def test_a_video_list_counts_all_its_entries_together() -> None:
    repost = encode_member(LightPost(49, 5, NOW, is_retweet=True))
    merge = Merge(QUERY._replace(video=True, caps=Caps(50, 30, 2, 500)), NOW - 600)
    merge.add_author(5, [post(50), repost, post(48)], None)
    assert merge.run().passed == [post(50), repost]


def test_no_parent_is_asked_for_in_a_list_of_videos() -> None:
    merge = Merge(QUERY._replace(video=True), NOW - 600)
    merge.add_author(5, [reply(50, parent=7)], None)
    merged = merge.run()
    assert (merged.passed, merged.unknown_parents) == ([reply(50, parent=7)], [])


def test_an_author_whose_caps_are_spent_is_complete() -> None:
    merge = Merge(QUERY._replace(caps=Caps(1, 1, 1, 500)), NOW - 600)
    merge.add_author(5, [post(50), reply(49, 7, 1), reply(48, 7, 2), post(47, 3)], post(47, 3))
    merge.add_parent(merge.run().unknown_parents[0], PARENT)
    merged = merge.run()
    assert merged.passed == [post(50), reply(49, 7, 1)]
    assert merged.incomplete_authors == []


def test_authors_of_the_newest_posts_are_counted() -> None:
    merge = Merge(QUERY, NOW - 600)
    merge.add_author(5, [post(50), post(49, 5)], None)
    merge.add_author(6, [encode_member(LightPost(60, 6, NOW - 1))], None)
    merge.run()
    newest = [post(50), encode_member(LightPost(60, 6, NOW - 1)), post(49, 5)]
    assert [merge.authors_of_newest(newest[:count]) for count in range(4)] == [0, 1, 2, 2]


def test_authors_of_a_page_are_counted_without_those_before_it() -> None:
    merge = Merge(QUERY._replace(before=Place(NOW, 50)), NOW - 600)
    merge.add_author(5, [post(50)], None)
    merge.add_author(6, [encode_member(LightPost(60, 6, NOW - 1))], None)
    assert merge.authors_of_newest(merge.run().examined) == 1


def test_a_post_at_the_edge_of_the_retention_counts_though_it_is_unreadable() -> None:
    merge = Merge(QUERY, NOW - 600)
    merge.add_author(5, [newer(52, 600)], None)
    assert merge.unreadable == 1


def test_members_of_the_newest_tag_are_readable() -> None:
    newest = encode_member(LightPost(50, 5, NOW, conversation_id=50))
    assert newest[-1] == NEWEST_TAG
    merge = Merge(QUERY, NOW - 600)
    merge.add_author(5, [newer(51), newest], None)
    assert (merge.run().passed, merge.unreadable) == ([newest], 1)


def test_a_newer_post_that_is_read_later_comes_first() -> None:
    merge = Merge(QUERY, NOW - 600)
    merge.add_author(5, [post(50, 9)], None)
    assert merge.run().passed == [post(50, 9)]
    merge.add_author(6, [post(60), post(59, 20)], None)
    assert merge.run().passed == [post(60), post(50, 9), post(59, 20)]


def test_no_more_is_examined_for_replies_that_are_no_longer_near() -> None:
    merge = Merge(QUERY, NOW - 600)
    merge.add_author(5, [reply(50, parent=7, age=5), post(49, 6)], None)
    merge.run()
    newest = [post(60), post(59, 1), post(58, 2)]
    merge.add_author(6, newest, None)
    assert merge.run().examined == newest


def test_two_encodings_are_one_post_though_the_second_is_read_on() -> None:
    merge = Merge(QUERY, NOW - 600)
    both = sorted([post(50, 2), encode_member(LightPost(50, 5, NOW - 2, conversation_id=50))], reverse=True)
    merge.add_author(5, [reply(60, parent=7), post(55, 1), *both, post(40, 3)], None)
    [parent] = merge.run().unknown_parents
    merge.add_parent(parent, None)
    assert merge.run().passed == [post(55, 1), both[0], post(40, 3)]
