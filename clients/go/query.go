package thunder

import pb "thunder.example/client/pb/thunder/v1"

// Query says which posts to ask for. The zero value of each field asks for nothing special.
type Query struct {
	// UserID is the viewer, whose own posts do not come back as reposts.
	UserID uint64
	// Following are the authors to read; without any, the list that the server's follow store has for the viewer.
	Following []uint64
	// MaxResults is the most posts of an answer or of a page; 0 is the server's default.
	MaxResults uint32
	// ExcludePosts are ids of posts to leave out.
	ExcludePosts []uint64
	// ExcludeAuthors are left out as authors and as sources of reposts.
	ExcludeAuthors []uint64
	ExcludeReplies bool
	ExcludeReposts bool
	// Videos asks for videos instead of posts.
	Videos bool
	// CreatedAfter, in Unix seconds: only posts created after this time.
	CreatedAfter int64
	// Before: only posts older than this position.
	Before *Position
	// MaxPostsPerAuthor limits posts that are neither replies nor reposts; nil is the server's cap.
	MaxPostsPerAuthor *uint32
	// MaxRepliesRepostsPerAuthor limits replies and reposts; nil is the server's cap.
	MaxRepliesRepostsPerAuthor *uint32
	// Strict makes a partial answer an error, a *PartialError with the posts that were found.
	Strict bool
}

func (q Query) request() *pb.GetInNetworkPostsRequest {
	request := &pb.GetInNetworkPostsRequest{
		UserId:           q.UserID,
		FollowingUserIds: q.Following,
		MaxResults:       q.MaxResults,
		ExcludeTweetIds:  q.ExcludePosts,
		ExcludeAuthorIds: q.ExcludeAuthors,
		ExcludeReplies:   q.ExcludeReplies,
		ExcludeReposts:   q.ExcludeReposts,
		IsVideoRequest:   q.Videos,
		CreatedAfter:     q.CreatedAfter,
		Before:           q.Before,
	}
	if q.MaxPostsPerAuthor != nil || q.MaxRepliesRepostsPerAuthor != nil {
		request.PerAuthorLimits = &pb.PerAuthorLimits{
			MaxPostsPerAuthor:          q.MaxPostsPerAuthor,
			MaxRepliesRepostsPerAuthor: q.MaxRepliesRepostsPerAuthor,
		}
	}
	return request
}
