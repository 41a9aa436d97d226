// Shows the newest posts of some authors: node example.js dns:///localhost:50051 1,2,3
"use strict";
const { ThunderClient } = require("./index");

async function main(target, authors) {
  const client = new ThunderClient(target, { gzip: true });
  try {
    const timeline = await client.timeline({ following: authors, maxResults: 100 });
    for (const post of timeline.posts) console.log(`post ${post.postId} of author ${post.authorId}`);
    console.log(`${timeline.posts.length} posts${timeline.partial ? ", more may be missing" : ""}`);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  } finally {
    client.close();
  }
}

if (process.argv.length !== 4) {
  console.error("usage: node example.js TARGET AUTHOR,AUTHOR,...");
  process.exit(1);
}
main(process.argv[2], process.argv[3].split(","));
