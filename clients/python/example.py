"""Shows the newest posts of some authors: python example.py dns:///localhost:50051 1,2,3"""

import sys

from thunder_client import ClientError, ThunderClient


def main(target: str, authors: list[int]) -> int:
    """Print the posts, return the exit code."""
    with ThunderClient(target, gzip=True) as client:
        try:
            timeline = client.timeline(following=authors, max_results=100)
        except ClientError as error:
            print(error, file=sys.stderr)
            return 1
    for post in timeline.posts:
        print(f"post {post.post_id} of author {post.author_id}")
    print(f"{len(timeline.posts)} posts{', more may be missing' if timeline.partial else ''}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python example.py TARGET AUTHOR,AUTHOR,...")
    sys.exit(main(sys.argv[1], [int(author) for author in sys.argv[2].split(",")]))
