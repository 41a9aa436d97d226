// Shows the newest posts of some authors: thunder-client dns:///localhost:50051 1,2,3
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/encoding/gzip" // answers may be compressed
	_ "google.golang.org/grpc/health"        // for healthCheckConfig of the service config
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver/dns"
	"google.golang.org/grpc/status"

	pb "thunder-client/pb/thunder/v1"
)

const deadline = 2 * time.Second

// The server cuts off who pings more often than every 10 s.
var pings = keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 5 * time.Second, PermitWithoutStream: true}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: thunder-client TARGET AUTHOR,AUTHOR,...")
	}
	request := &pb.GetInNetworkPostsRequest{MaxResults: 100}
	for _, author := range strings.Split(os.Args[2], ",") {
		var id uint64
		must(fmt.Sscan(author, &id))
		request.FollowingUserIds = append(request.FollowingUserIds, id)
	}
	dns.SetMinResolutionInterval(5 * time.Second) // servers may come back under other addresses
	config := must(os.ReadFile("../service_config.json"))
	connection := must(grpc.NewClient(os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(string(config)), grpc.WithKeepaliveParams(pings)))
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, "accept-encoding", "gzip")
	answer := must(pb.NewInNetworkPostsServiceClient(connection).GetInNetworkPosts(ctx, request))
	for _, post := range answer.Posts {
		fmt.Printf("post %d of author %d\n", post.PostId, post.AuthorId)
	}
	more := map[bool]string{true: ", more may be missing"}[answer.Partial]
	fmt.Printf("%d posts%s\n", len(answer.Posts), more)
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatalf("%s: %s", status.Code(err), status.Convert(err).Message())
	}
	return value
}
