// Shows the newest posts of some authors: example dns:///localhost:50051 1,2,3
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	thunder "thunder.example/client"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: example TARGET AUTHOR,AUTHOR,...")
	}
	query := thunder.Query{MaxResults: 100}
	for _, author := range strings.Split(os.Args[2], ",") {
		var id uint64
		must(fmt.Sscan(author, &id))
		query.Following = append(query.Following, id)
	}
	client := must(thunder.New(os.Args[1], thunder.WithGzip()))
	defer client.Close()
	timeline := must(client.Timeline(context.Background(), query))
	for _, post := range timeline.Posts {
		fmt.Printf("post %d of author %d\n", post.PostId, post.AuthorId)
	}
	more := map[bool]string{true: ", more may be missing"}[timeline.Partial]
	fmt.Printf("%d posts%s\n", len(timeline.Posts), more)
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
