package thunder

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "thunder.example/client/pb/thunder/v1"
)

type answer func(*pb.GetInNetworkPostsRequest) (*pb.GetInNetworkPostsResponse, error)

// server gives its answers in turn and keeps what it was asked.
type server struct {
	pb.UnimplementedInNetworkPostsServiceServer
	answers  []answer
	requests []*pb.GetInNetworkPostsRequest
	metadata metadata.MD
}

func (s *server) GetInNetworkPosts(
	ctx context.Context, request *pb.GetInNetworkPostsRequest,
) (*pb.GetInNetworkPostsResponse, error) {
	s.metadata, _ = metadata.FromIncomingContext(ctx)
	s.requests = append(s.requests, request)
	next := s.answers[0]
	s.answers = s.answers[1:]
	return next(request)
}

func posts(partial, more bool, ids ...int64) answer {
	response := &pb.GetInNetworkPostsResponse{Partial: partial, HasMore: more}
	for _, id := range ids {
		response.Posts = append(response.Posts, &Post{PostId: id, AuthorId: 2, CreatedAt: id})
	}
	return func(*pb.GetInNetworkPostsRequest) (*pb.GetInNetworkPostsResponse, error) { return response, nil }
}

func failure(code codes.Code, details ...any) answer {
	found := status.New(code, "text")
	for _, detail := range details {
		switch detail := detail.(type) {
		case *errdetails.RetryInfo:
			found, _ = found.WithDetails(detail)
		case *errdetails.BadRequest:
			found, _ = found.WithDetails(detail)
		}
	}
	return func(*pb.GetInNetworkPostsRequest) (*pb.GetInNetworkPostsResponse, error) { return nil, found.Err() }
}

func connected(t *testing.T, answers []answer, options ...Option) (*Client, *server) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := &server{answers: answers}
	running := grpc.NewServer()
	pb.RegisterInNetworkPostsServiceServer(running, served)
	go func() { _ = running.Serve(listener) }()
	t.Cleanup(running.Stop)
	client, err := New(listener.Addr().String(), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client, served
}

func ids(posts []*Post) []int64 {
	var found []int64
	for _, post := range posts {
		found = append(found, post.PostId)
	}
	return found
}

func TestPartialIsAFlagOrAnError(t *testing.T) {
	client, _ := connected(t, []answer{posts(true, true, 5), posts(true, true, 5)})
	timeline, err := client.Timeline(t.Context(), Query{})
	if err != nil || !timeline.Partial || !timeline.HasMore {
		t.Fatal(timeline, err)
	}
	_, err = client.Timeline(t.Context(), Query{Strict: true})
	var partial *PartialError
	if !errors.As(err, &partial) || !slices.Equal(ids(partial.Timeline.Posts), []int64{5}) {
		t.Fatal(err)
	}
}

func TestPagesDoNotPassOverWhatAPartialPageLacks(t *testing.T) {
	client, served := connected(t, []answer{
		posts(false, true, 9, 8), posts(true, true, 6), posts(false, true, 7, 6), posts(false, false, 5),
	})
	var found []int64
	for page, err := range client.Pages(t.Context(), Query{MaxResults: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, ids(page.Posts)...)
	}
	if !slices.Equal(found, []int64{9, 8, 7, 6, 5}) {
		t.Fatal(found)
	}
	if served.requests[2].Before.PostId != 8 || served.requests[3].Before.PostId != 6 {
		t.Fatal(served.requests)
	}
}

func TestPagesThatStayPartialFailWhenStrict(t *testing.T) {
	stays := []answer{posts(true, true, 5), posts(true, true, 5), posts(true, true, 5), posts(true, true, 5)}
	for _, strict := range []bool{true, false} {
		client, served := connected(t, slices.Concat(stays, []answer{posts(false, false, 4)}))
		pages, failures := 0, 0
		for page, err := range client.Pages(t.Context(), Query{Strict: strict}) {
			var partial *PartialError
			switch {
			case errors.As(err, &partial) && len(partial.Timeline.Posts) == 1:
				failures++
			case err == nil && page.Partial == (pages == 0):
				pages++
			default:
				t.Fatal(page, err)
			}
		}
		if strict && (pages != 0 || failures != 1 || len(served.requests) != 4) {
			t.Fatal(pages, failures)
		}
		if !strict && (pages != 2 || failures != 0) {
			t.Fatal(pages, failures)
		}
	}
}

func TestARefreshHasWhatIsNew(t *testing.T) {
	client, served := connected(t, []answer{
		posts(false, false, 1000, 980, 900),
		posts(false, true, 1010, 1000), posts(false, false, 990, 980),
		posts(true, true), posts(true, true), posts(true, true), posts(true, true),
	})
	timeline, _ := client.Timeline(t.Context(), Query{})
	fresh, err := client.Refresh(t.Context(), timeline.Cursor(), Query{CreatedAfter: 5})
	if err != nil || !slices.Equal(ids(fresh.Posts), []int64{1010, 990}) {
		t.Fatal(fresh, err)
	}
	if served.requests[1].CreatedAfter != 940 || fresh.Cursor.CreatedAfter != 950 || len(fresh.Cursor.Seen) != 4 {
		t.Fatal(served.requests[1], fresh.Cursor)
	}
	again, err := client.Refresh(t.Context(), fresh.Cursor, Query{})
	if err != nil || !again.Partial || again.Cursor.CreatedAfter != 950 || len(again.Cursor.Seen) != 4 {
		t.Fatal(again, err)
	}
}

func TestErrorsAreTyped(t *testing.T) {
	plain := WithServiceConfig("{}")
	retry := &errdetails.RetryInfo{RetryDelay: durationpb.New(1500 * time.Millisecond)}
	violation := &errdetails.BadRequest_FieldViolation{Field: "user_id", Description: "too big"}
	bad := &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{violation}}
	client, _ := connected(t, []answer{
		failure(codes.ResourceExhausted, retry), failure(codes.InvalidArgument, bad), failure(codes.Unavailable),
		failure(codes.Unauthenticated), failure(codes.Internal),
	}, plain)
	var capacity *CapacityError
	if _, err := client.Timeline(t.Context(), Query{}); !errors.As(err, &capacity) || capacity.RetryAfter.Seconds() != 1.5 {
		t.Fatal(err)
	}
	var invalid *InvalidRequestError
	_, err := client.Timeline(t.Context(), Query{})
	if !errors.As(err, &invalid) || !slices.Equal(invalid.Fields, []InvalidField{{"user_id", "too big"}}) {
		t.Fatal(err)
	}
	var unavailable *UnavailableError
	var access *AccessError
	var failed *StatusError
	if _, err := client.Timeline(t.Context(), Query{}); !errors.As(err, &unavailable) || status.Code(err) != codes.Unavailable {
		t.Fatal(err)
	}
	if _, err := client.Timeline(t.Context(), Query{}); !errors.As(err, &access) || !errors.As(err, &failed) {
		t.Fatal(err)
	}
	if _, err := client.Timeline(t.Context(), Query{}); !errors.As(err, &failed) || failed.Code != codes.Internal {
		t.Fatal(err)
	}
}

func TestACallHasADeadline(t *testing.T) {
	waiting := func(*pb.GetInNetworkPostsRequest) (*pb.GetInNetworkPostsResponse, error) {
		time.Sleep(200 * time.Millisecond)
		return &pb.GetInNetworkPostsResponse{}, nil
	}
	client, _ := connected(t, []answer{waiting}, WithTimeout(50*time.Millisecond))
	var deadline *DeadlineError
	if _, err := client.Timeline(t.Context(), Query{}); !errors.As(err, &deadline) {
		t.Fatal(err)
	}
}

func TestACallIsRetriedAndCarriesItsToken(t *testing.T) {
	token := func(context.Context) (string, error) { return "secret", nil }
	client, served := connected(t, []answer{failure(codes.Unavailable), posts(false, false, 1)}, WithToken(token))
	if _, err := client.Timeline(t.Context(), Query{Following: []uint64{2}}); err != nil {
		t.Fatal(err)
	}
	if len(served.requests) != 2 || served.metadata.Get("authorization")[0] != "Bearer secret" {
		t.Fatal(served.metadata)
	}
}
