"""Calling a serving process as its clients do."""

import grpc

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, GetInNetworkPostsResponse

METHOD = "/thunder.v1.InNetworkPostsService/GetInNetworkPosts"


def get_in_network_posts(
    address: str, request: GetInNetworkPostsRequest, timeout: float = 10.0
) -> GetInNetworkPostsResponse:
    """Ask HOST:PORT over a connection of its own. Raises grpc.RpcError."""
    with grpc.insecure_channel(address) as channel:
        call = channel.unary_unary(
            METHOD,
            request_serializer=GetInNetworkPostsRequest.SerializeToString,
            response_deserializer=GetInNetworkPostsResponse.FromString,
        )
        return call(request, timeout=timeout)
