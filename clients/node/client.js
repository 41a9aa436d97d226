// Shows the newest posts of some authors: node client.js dns:///localhost:50051 1,2,3
const fs = require("node:fs");
const path = require("node:path");
const grpc = require("@grpc/grpc-js");
const { loadSync } = require("@grpc/proto-loader");

const DEADLINE_MS = 2000;
const OPTIONS = {
  "grpc.service_config": fs.readFileSync(path.join(__dirname, "../service_config.json"), "utf8"),
  "grpc.dns_min_time_between_resolutions_ms": 5_000, // servers may come back under other addresses
  "grpc.keepalive_time_ms": 30_000, // the server cuts off who pings more often than every 10 s
  "grpc.keepalive_timeout_ms": 5_000,
  "grpc.keepalive_permit_without_calls": 1,
};

function main(target, authors) {
  const proto = loadSync("thunder/v1/in_network.proto", {
    includeDirs: [path.join(__dirname, "../../proto")],
    longs: String, // ids exceed what a number of JavaScript holds
  });
  const { InNetworkPostsService } = grpc.loadPackageDefinition(proto).thunder.v1;
  const client = new InNetworkPostsService(target, grpc.credentials.createInsecure(), OPTIONS);
  const metadata = new grpc.Metadata();
  metadata.set("response-encoding", "gzip"); // accept-encoding is overwritten by grpc-js
  const deadline = Date.now() + DEADLINE_MS;
  client.getInNetworkPosts({ followingUserIds: authors, maxResults: 100 }, metadata, { deadline }, (error, answer) => {
    client.close();
    if (error) {
      console.error(`${grpc.status[error.code]}: ${error.details}`);
      process.exitCode = 1;
      return;
    }
    for (const post of answer.posts) console.log(`post ${post.postId} of author ${post.authorId}`);
    console.log(`${answer.posts.length} posts${answer.partial ? ", more may be missing" : ""}`);
  });
}

if (process.argv.length !== 4) {
  console.error("usage: node client.js TARGET AUTHOR,AUTHOR,...");
  process.exit(1);
}
main(process.argv[2], process.argv[3].split(","));
