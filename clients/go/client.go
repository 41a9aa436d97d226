// Package thunder asks the servers of Thunder for timelines: the newest posts of the authors that a viewer follows.
//
// An answer that may lack posts always says so: its Partial is true, or with Query.Strict it is a *PartialError. Errors
// of calls are *StatusError, and one of the types that embed it.
package thunder

import (
	"context"
	"crypto/tls"
	_ "embed"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/encoding/gzip" // answers may be compressed
	_ "google.golang.org/grpc/health"        // for healthCheckConfig of the service config
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver/dns"

	pb "thunder.example/client/pb/thunder/v1"
)

// ServiceConfig balances over all addresses of the target, skips servers that are not ready, and retries with a budget.
//
//go:embed service_config.json
var ServiceConfig string

const defaultTimeout = 2 * time.Second

// The server disconnects clients that ping more often than every 10 s.
var pings = keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 5 * time.Second, PermitWithoutStream: true}

// Servers may come back under other addresses. The interval is that of the whole process.
var resolveOften = sync.OnceFunc(func() { dns.SetMinResolutionInterval(5 * time.Second) })

// They may come back under the same addresses, too: the library's default is to wait for up to two minutes.
var reconnects = grpc.ConnectParams{
	Backoff:           backoff.Config{BaseDelay: time.Second, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 5 * time.Second},
	MinConnectTimeout: 20 * time.Second,
}

// Client asks the servers of a target. Goroutines may share it; make one for a process.
type Client struct {
	connection *grpc.ClientConn
	posts      pb.InNetworkPostsServiceClient
	settings   settings
}

type settings struct {
	timeout       time.Duration
	tls           *tls.Config
	token         func(context.Context) (string, error)
	gzip          bool
	serviceConfig string
	dial          []grpc.DialOption
}

// Option of New.
type Option func(*settings)

// WithTimeout limits each call with its retries, by default to 2 s. A shorter deadline of the context holds.
func WithTimeout(timeout time.Duration) Option { return func(s *settings) { s.timeout = timeout } }

// WithTLS encrypts connections. Without it they are not encrypted.
func WithTLS(config *tls.Config) Option { return func(s *settings) { s.tls = config } }

// WithToken sends a bearer token with each call; the function is called for each.
func WithToken(token func(context.Context) (string, error)) Option {
	return func(s *settings) { s.token = token }
}

// WithGzip lets the server compress answers: fewer bytes for more of its CPU.
func WithGzip() Option { return func(s *settings) { s.gzip = true } }

// WithServiceConfig takes JSON in place of ServiceConfig; "{}" for no balancing and no retries.
func WithServiceConfig(json string) Option { return func(s *settings) { s.serviceConfig = json } }

// WithDialOptions adds options of gRPC, which win over those of the client.
func WithDialOptions(options ...grpc.DialOption) Option {
	return func(s *settings) { s.dial = append(s.dial, options...) }
}

// New makes a client of a target such as dns:///thunder:50051. It connects at the first call.
func New(target string, options ...Option) (*Client, error) {
	s := settings{timeout: defaultTimeout, serviceConfig: ServiceConfig}
	for _, option := range options {
		option(&s)
	}
	resolveOften()
	transport := insecure.NewCredentials()
	if s.tls != nil {
		transport = credentials.NewTLS(s.tls)
	}
	dial := append([]grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithDefaultServiceConfig(s.serviceConfig),
		grpc.WithKeepaliveParams(pings),
		grpc.WithConnectParams(reconnects),
		grpc.WithNoProxy(), // servers are in the local network, proxies lead out of it
	}, s.dial...)
	connection, err := grpc.NewClient(target, dial...)
	if err != nil {
		return nil, err
	}
	return &Client{connection, pb.NewInNetworkPostsServiceClient(connection), s}, nil
}

// Close closes the connections.
func (c *Client) Close() error { return c.connection.Close() }

// Timeline returns the newest posts.
func (c *Client) Timeline(ctx context.Context, query Query) (*Timeline, error) {
	timeline, err := c.ask(ctx, query.request())
	if err == nil && query.Strict && timeline.Partial {
		return nil, &PartialError{timeline}
	}
	return timeline, err
}

func (c *Client) ask(ctx context.Context, request *pb.GetInNetworkPostsRequest) (*Timeline, error) {
	ctx, cancel := context.WithTimeout(ctx, c.settings.timeout)
	defer cancel()
	if c.settings.gzip {
		ctx = metadata.AppendToOutgoingContext(ctx, "accept-encoding", "gzip")
	}
	if c.settings.token != nil {
		token, err := c.settings.token(ctx)
		if err != nil {
			return nil, err
		}
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	}
	response, err := c.posts.GetInNetworkPosts(ctx, request, grpc.MaxCallRecvMsgSize(maxAnswerBytes))
	if err != nil {
		return nil, typed(err)
	}
	return &Timeline{response.Posts, response.Partial, response.HasMore, response.Adjustments}, nil
}

// Answers are bounded by MaxResults and by the server.
const maxAnswerBytes = 256 << 20
