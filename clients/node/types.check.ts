// Compiled, never run: what callers write fits the types.
import { credentials } from "@grpc/grpc-js";
import {
  CapacityError,
  type Cursor,
  type PostQuery,
  SERVICE_CONFIG,
  ThunderClient,
  type Timeline,
} from "thunder-client";

export async function use(kept: Cursor): Promise<string[]> {
  const client = new ThunderClient("dns:///thunder:50051", {
    credentials: credentials.createSsl(),
    token: async () => "token",
    serviceConfig: SERVICE_CONFIG,
    channelOptions: { "grpc.keepalive_time_ms": 60_000 },
  });
  const query: PostQuery = { userId: 1, following: ["2", 3n], excludeReplies: true };
  try {
    const timeline: Timeline = await client.timeline({ ...query, strict: true, timeoutMs: 500 });
    for await (const page of client.pages({ ...query, before: timeline.lastPosition ?? undefined })) {
      console.log(page.partial, page.posts.length);
    }
    const { posts, cursor } = await client.refresh(kept, { ...query, overlapSeconds: 5 });
    await client.refresh(cursor, query);
    return posts.map((post) => post.postId);
  } catch (error) {
    if (error instanceof CapacityError) console.log(error.retryAfterMs, error.code);
    // @ts-expect-error: a misspelt field of a query is an error
    await client.timeline({ folowing: [] });
    return [];
  } finally {
    client.close();
  }
}
