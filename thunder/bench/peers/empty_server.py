"""A gRPC server that reads no store: the answer to a request that names a size is that number of bytes."""

import asyncio
import sys
from typing import Any

import grpc

SERVICE, METHOD_NAME = "thunder.bench.Empty", "Answer"
METHOD = f"/{SERVICE}/{METHOD_NAME}"


async def answer(request: bytes, _context: object) -> bytes:
    """Bytes without meaning."""
    return bytes(int(request))


async def serve_nothing(port: int) -> None:
    """Answer until the process ends."""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    handler: grpc.RpcMethodHandler[Any, Any] = grpc.unary_unary_rpc_method_handler(answer)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {METHOD_NAME: handler}),))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


def main() -> None:
    """Serve on the port that the first argument names."""
    asyncio.run(serve_nothing(int(sys.argv[1])))
