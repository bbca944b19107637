package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

type jobID struct {
	ID int64 `json:"id"`
}

func (p *peer) get(ctx context.Context, asked jobID) (any, error) {
	return viewed(p.inserter.JobGet(ctx, asked.ID))
}

func (p *peer) cancel(ctx context.Context, asked jobID) (any, error) {
	return viewed(p.inserter.JobCancel(ctx, asked.ID))
}

func (p *peer) retry(ctx context.Context, asked jobID) (any, error) {
	return viewed(p.inserter.JobRetry(ctx, asked.ID))
}

func (p *peer) delete(ctx context.Context, asked jobID) (any, error) {
	return viewed(p.inserter.JobDelete(ctx, asked.ID))
}

func (p *peer) update(ctx context.Context, asked struct {
	ID     int64           `json:"id"`
	Output json.RawMessage `json:"output"`
},
) (any, error) {
	return viewed(p.inserter.JobUpdate(ctx, asked.ID, &river.JobUpdateParams{Output: asked.Output}))
}

func viewed(job *rivertype.JobRow, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return viewOf(job), nil
}

type listView struct {
	Jobs   []jobView `json:"jobs"`
	Cursor string    `json:"cursor"`
}

func (p *peer) list(ctx context.Context, asked struct {
	After      string                    `json:"after"`
	Descending bool                      `json:"descending"`
	Kinds      []string                  `json:"kinds"`
	Limit      int                       `json:"limit"`
	OrderBy    river.JobListOrderByField `json:"order_by"`
	Queues     []string                  `json:"queues"`
	States     []rivertype.JobState      `json:"states"`
},
) (any, error) {
	direction := river.SortOrderAsc
	if asked.Descending {
		direction = river.SortOrderDesc
	}
	params := river.NewJobListParams().First(asked.Limit).OrderBy(asked.OrderBy, direction)
	if len(asked.States) > 0 {
		params = params.States(asked.States...)
	}
	if len(asked.Kinds) > 0 {
		params = params.Kinds(asked.Kinds...)
	}
	if len(asked.Queues) > 0 {
		params = params.Queues(asked.Queues...)
	}
	if asked.After != "" {
		var cursor river.JobListCursor
		if err := cursor.UnmarshalText([]byte(asked.After)); err != nil {
			return nil, fmt.Errorf("cursor: %w", err)
		}
		params = params.After(&cursor)
	}
	page, err := p.inserter.JobList(ctx, params)
	if err != nil {
		return nil, err
	}
	view := listView{Jobs: viewsOf(page.Jobs)}
	if page.LastCursor != nil {
		text, err := page.LastCursor.MarshalText()
		if err != nil {
			return nil, err
		}
		view.Cursor = string(text)
	}
	return view, nil
}

type queueName struct {
	Name     string          `json:"name"`
	Metadata json.RawMessage `json:"metadata"`
}

func (p *peer) queueGet(ctx context.Context, asked queueName) (any, error) {
	queue, err := p.inserter.QueueGet(ctx, asked.Name)
	if err != nil {
		return nil, err
	}
	return viewOfQueue(queue), nil
}

func (p *peer) queueList(ctx context.Context, _ struct{}) (any, error) {
	result, err := p.inserter.QueueList(ctx, river.NewQueueListParams().First(100))
	if err != nil {
		return nil, err
	}
	views := make([]queueView, len(result.Queues))
	for index, queue := range result.Queues {
		views[index] = viewOfQueue(queue)
	}
	return views, nil
}

func (p *peer) queuePause(ctx context.Context, asked queueName) (any, error) {
	return nil, p.inserter.QueuePause(ctx, asked.Name, nil)
}

func (p *peer) queueResume(ctx context.Context, asked queueName) (any, error) {
	return nil, p.inserter.QueueResume(ctx, asked.Name, nil)
}

func (p *peer) queueUpdate(ctx context.Context, asked queueName) (any, error) {
	queue, err := p.inserter.QueueUpdate(ctx, asked.Name, &river.QueueUpdateParams{Metadata: asked.Metadata})
	if err != nil {
		return nil, err
	}
	return viewOfQueue(queue), nil
}
