package thunder

import (
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// StatusError is a call that failed. Each error of a call is one, or embeds one that errors.As finds.
type StatusError struct {
	Code    codes.Code
	Message string
}

func (e *StatusError) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.Message) }

// GRPCStatus is for status.Code.
func (e *StatusError) GRPCStatus() *status.Status { return status.New(e.Code, e.Message) }

// CapacityError: the server is at capacity, and was at every retry.
type CapacityError struct {
	*StatusError
	// RetryAfter is when the server wants to be asked again; 0 when it did not say.
	RetryAfter time.Duration
}

// UnavailableError: no server answered, or its store cannot be reached or is being filled.
type UnavailableError struct {
	*StatusError
	// RetryAfter is when the server wants to be asked again; 0 when it did not say.
	RetryAfter time.Duration
}

// InvalidRequestError: the server does not accept the request; to send it again does not help.
type InvalidRequestError struct {
	*StatusError
	Fields []InvalidField
}

// InvalidField is a field of the request, or the name of a limit, and why the server does not accept it.
type InvalidField struct{ Name, Reason string }

// DeadlineError: there was no answer in time.
type DeadlineError struct{ *StatusError }

// AccessError: the server does not accept the token or the certificate.
type AccessError struct{ *StatusError }

// Unwrap returns the status.
func (e *CapacityError) Unwrap() error { return e.StatusError }

// Unwrap returns the status.
func (e *UnavailableError) Unwrap() error { return e.StatusError }

// Unwrap returns the status.
func (e *InvalidRequestError) Unwrap() error { return e.StatusError }

// Unwrap returns the status.
func (e *DeadlineError) Unwrap() error { return e.StatusError }

// Unwrap returns the status.
func (e *AccessError) Unwrap() error { return e.StatusError }

// PartialError: the answer may lack posts, and Query.Strict was set. Timeline has the posts that were found.
type PartialError struct{ Timeline *Timeline }

func (e *PartialError) Error() string {
	return fmt.Sprintf("the answer is partial: %d posts, others may be missing", len(e.Timeline.Posts))
}

func typed(err error) error {
	found := status.Convert(err)
	failed := &StatusError{found.Code(), found.Message()}
	var after time.Duration
	var fields []InvalidField
	for _, detail := range found.Details() {
		switch detail := detail.(type) {
		case *errdetails.RetryInfo:
			after = detail.RetryDelay.AsDuration()
		case *errdetails.BadRequest:
			for _, violation := range detail.FieldViolations {
				fields = append(fields, InvalidField{violation.Field, violation.Description})
			}
		}
	}
	switch found.Code() {
	case codes.ResourceExhausted:
		return &CapacityError{failed, after}
	case codes.Unavailable:
		return &UnavailableError{failed, after}
	case codes.InvalidArgument:
		return &InvalidRequestError{failed, fields}
	case codes.DeadlineExceeded:
		return &DeadlineError{failed}
	case codes.Unauthenticated, codes.PermissionDenied:
		return &AccessError{failed}
	}
	return failed
}
