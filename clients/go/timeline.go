package thunder

import (
	"time"

	pb "thunder.example/client/pb/thunder/v1"
)

type (
	// Post is a post, a reply or a repost.
	Post = pb.LightPost
	// Position is a place in the order of answers.
	Position = pb.Position
	// Adjustment is a change that the server made to a request.
	Adjustment = pb.Adjustment
)

// Timeline is an answer: posts by CreatedAt, then PostId, both descending.
type Timeline struct {
	Posts []*Post
	// Partial: posts may be missing, since a timeout, an unreachable shard or a store that is being refilled cut the
	// answer.
	Partial bool
	// HasMore: there are posts older than the last one. After an empty partial answer: ask again.
	HasMore bool
	// Adjustments are changes that the server made to the request, such as a list that was cut.
	Adjustments []*Adjustment
}

// LastPosition is the Before of the next page; nil for an empty timeline.
func (t *Timeline) LastPosition() *Position {
	if len(t.Posts) == 0 {
		return nil
	}
	last := t.Posts[len(t.Posts)-1]
	return &Position{CreatedAt: last.CreatedAt, PostId: last.PostId}
}

// DefaultOverlap is the time for a post to get from its creation into the store.
const DefaultOverlap = time.Minute

// Cursor is the place at which a refresh begins. Keep it between refreshes.
type Cursor struct {
	// CreatedAfter, in Unix seconds, exclusive.
	CreatedAfter int64
	// Seen are ids of posts created after it that were returned already.
	Seen map[int64]bool
	// Overlap is how far before the newest known post the next cursor begins.
	Overlap time.Duration
}

// CursorAt begins a minute before a time.
func CursorAt(when time.Time) Cursor {
	return Cursor{max(0, when.Add(-DefaultOverlap).Unix()), nil, DefaultOverlap}
}

// Cursor begins a minute before the newest post of a timeline; after a partial timeline at its oldest post, since any
// of its posts may have neighbours that are missing.
func (t *Timeline) Cursor() Cursor {
	if t.Partial && len(t.Posts) > 0 {
		return cursorAfter(t.Posts, t.Posts[len(t.Posts)-1].CreatedAt-1, DefaultOverlap)
	}
	return cursorAfter(t.Posts, newest(t.Posts)-seconds(DefaultOverlap), DefaultOverlap)
}

func (c Cursor) after(posts []*Post, partial bool) Cursor {
	if partial { // it is read again
		next := cursorAfter(posts, c.CreatedAfter, c.Overlap)
		for id := range c.Seen {
			next.Seen[id] = true
		}
		return next
	}
	return cursorAfter(posts, max(c.CreatedAfter, newest(posts)-seconds(c.Overlap)), c.Overlap)
}

func cursorAfter(posts []*Post, begin int64, overlap time.Duration) Cursor {
	cursor := Cursor{max(0, begin), map[int64]bool{}, overlap}
	for _, post := range posts {
		if post.CreatedAt > begin {
			cursor.Seen[post.PostId] = true
		}
	}
	return cursor
}

func newest(posts []*Post) int64 {
	if len(posts) == 0 {
		return 0
	}
	return posts[0].CreatedAt
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// Refreshed has the posts that are new since a cursor, newest first.
type Refreshed struct {
	Posts []*Post
	// Cursor of the next refresh.
	Cursor Cursor
	// Partial: posts may be missing; the next refresh with this cursor brings them.
	Partial bool
	// Adjustments are changes that the server made to the request.
	Adjustments []*Adjustment
}
