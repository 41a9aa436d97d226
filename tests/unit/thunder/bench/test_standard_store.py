from thunder.bench.standard_store import posts, requests, standard_authors

NOW = 1_800_000_000


def test_the_store_is_the_same_each_time() -> None:
    assert list(posts(NOW, 20)) == list(posts(NOW, 20))
    assert list(standard_authors(20)) == list(standard_authors(40)[:20])


def test_each_author_has_as_many_posts() -> None:
    written = list(posts(NOW, 20, 5))
    authors = [post.author_id for post in written]
    assert {author: authors.count(author) for author in authors} == dict.fromkeys(standard_authors(20), 5)
    assert [post.created_at for post in written] == sorted(post.created_at for post in written)


def test_requests_follow_authors_of_the_store() -> None:
    seen = [post.post_id for post in posts(NOW, 20)]
    for request in requests(5, 10, 100, seen, standard_authors(20)):
        assert set(request.following_user_ids) <= set(standard_authors(20))
        assert len(set(request.following_user_ids)) == 10
        assert set(request.exclude_tweet_ids) & set(seen)


def test_more_follows_than_authors_are_all_of_them() -> None:
    [request] = requests(1, 100, 100, [], standard_authors(20))
    assert set(request.following_user_ids) == set(standard_authors(20))
