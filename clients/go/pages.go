package thunder

import (
	"context"
	"iter"
	"time"

	"google.golang.org/grpc/status"
)

const (
	attempts   = 4
	firstDelay = 100 * time.Millisecond
)

// Pages yields all pages from the newest post, or from query.Before, to the oldest, of query.MaxResults posts each.
//
// A partial page is asked for again, four times in all: the page after it would pass over what it lacks. One that stays
// partial ends the pages with a *PartialError when query.Strict; otherwise it is yielded with its mark, and the next
// page begins after its last post. An empty partial page is the last one: to go on, ask again from the page before it.
// After an error there are no more pages.
func (c *Client) Pages(ctx context.Context, query Query) iter.Seq2[*Timeline, error] {
	return func(yield func(*Timeline, error) bool) {
		for {
			page, err := c.page(ctx, query)
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(page, nil) || !page.HasMore || len(page.Posts) == 0 {
				return
			}
			query.Before = page.LastPosition()
		}
	}
}

// page asks for one page until it is whole, or the attempts are used up.
func (c *Client) page(ctx context.Context, query Query) (*Timeline, error) {
	delay := firstDelay
	for attempt := 1; ; attempt++ {
		page, err := c.ask(ctx, query.request())
		if err != nil || !page.Partial {
			return page, err
		}
		if attempt == attempts && query.Strict {
			return nil, &PartialError{page}
		}
		if attempt == attempts {
			return page, nil
		}
		select {
		case <-time.After(delay):
			delay *= 2
		case <-ctx.Done():
			return nil, typed(status.FromContextError(ctx.Err()).Err())
		}
	}
}

// Refresh returns the posts that are new since a cursor: of a timeline, of the refresh before, or CursorAt a time.
//
// It reads from a minute before the newest known post on, since posts arrive late and out of order, and leaves out those
// that were returned already. It does not say which posts were deleted, nor find those that arrive later than the
// overlap: for both, make a full read (Timeline or Pages) from time to time. A partial result is an error when
// query.Strict; otherwise the next refresh with its cursor brings what is missing. Before and CreatedAfter of the query
// are ignored.
func (c *Client) Refresh(ctx context.Context, since Cursor, query Query) (*Refreshed, error) {
	strict := query.Strict
	query.CreatedAfter, query.Before, query.Strict = since.CreatedAfter, nil, false
	if since.Overlap == 0 {
		since.Overlap = DefaultOverlap
	}
	var read []*Post
	refreshed := &Refreshed{}
	for page, err := range c.Pages(ctx, query) {
		if err != nil {
			return nil, err
		}
		read = append(read, page.Posts...)
		refreshed.Partial = refreshed.Partial || page.Partial
		if refreshed.Adjustments == nil {
			refreshed.Adjustments = page.Adjustments
		}
	}
	for _, post := range read {
		if !since.Seen[post.PostId] {
			refreshed.Posts = append(refreshed.Posts, post)
		}
	}
	refreshed.Cursor = since.after(read, refreshed.Partial)
	if strict && refreshed.Partial {
		return nil, &PartialError{&Timeline{refreshed.Posts, true, true, refreshed.Adjustments}}
	}
	return refreshed, nil
}
