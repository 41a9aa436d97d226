"""Shows the newest posts of some authors: python client.py dns:///localhost:50051 1,2,3"""

import sys
from pathlib import Path

import grpc
from in_network_pb2 import GetInNetworkPostsRequest
from in_network_pb2_grpc import InNetworkPostsServiceStub

DEADLINE_SECONDS = 2
SERVICE_CONFIG = Path(__file__).parents[1] / "service_config.json"
OPTIONS = [
    ("grpc.service_config", SERVICE_CONFIG.read_text()),
    ("grpc.dns_min_time_between_resolutions_ms", 5_000),  # servers may come back under other addresses
    ("grpc.keepalive_time_ms", 30_000),  # the server cuts off who pings more often than every 10 s
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
]
COMPRESSED = [("accept-encoding", "gzip")]


def main(target: str, authors: list[int]) -> int:
    with grpc.insecure_channel(target, OPTIONS) as channel:
        request = GetInNetworkPostsRequest(following_user_ids=authors, max_results=100)
        try:
            answer = InNetworkPostsServiceStub(channel).GetInNetworkPosts(
                request, timeout=DEADLINE_SECONDS, metadata=COMPRESSED
            )
        except grpc.RpcError as error:
            print(f"{error.code().name}: {error.details()}", file=sys.stderr)
            return 1
    for post in answer.posts:
        print(f"post {post.post_id} of author {post.author_id}")
    print(f"{len(answer.posts)} posts{', more may be missing' if answer.partial else ''}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python client.py TARGET AUTHOR,AUTHOR,...")
    sys.exit(main(sys.argv[1], [int(author) for author in sys.argv[2].split(",")]))
