package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

type jobParams struct {
	Kind string          `json:"kind"`
	Args json.RawMessage `json:"args"`
	Opts optsParams      `json:"opts"`
}

type optsParams struct {
	MaxAttempts int             `json:"max_attempts"`
	Metadata    json.RawMessage `json:"metadata"`
	Pending     bool            `json:"pending"`
	Priority    int             `json:"priority"`
	Queue       string          `json:"queue"`
	ScheduledAt time.Time       `json:"scheduled_at"`
	Tags        []string        `json:"tags"`
	Unique      struct {
		ByArgs          bool                 `json:"by_args"`
		ByPeriodSeconds int                  `json:"by_period_seconds"`
		ByQueue         bool                 `json:"by_queue"`
		ByState         []rivertype.JobState `json:"by_state"`
		ExcludeKind     bool                 `json:"exclude_kind"`
	} `json:"unique"`
}

type insertedView struct {
	Job       jobView `json:"job"`
	Duplicate bool    `json:"duplicate"`
}

func (p *peer) insert(ctx context.Context, asked struct {
	Jobs []jobParams `json:"jobs"`
	How  string      `json:"how"`
},
) (any, error) {
	params := make([]river.InsertManyParams, len(asked.Jobs))
	for index, job := range asked.Jobs {
		args, err := argsOf(job)
		if err != nil {
			return nil, err
		}
		params[index] = river.InsertManyParams{Args: args, InsertOpts: insertOpts(job.Opts)}
	}
	switch asked.How {
	case "single":
		return p.insertSingly(ctx, params)
	case "many":
		results, err := p.inserter.InsertMany(ctx, params)
		return viewsOfInserted(results), err
	case "fast":
		return p.inserter.InsertManyFast(ctx, params)
	}
	return nil, fmt.Errorf("no way to insert: %q", asked.How)
}

func (p *peer) insertSingly(ctx context.Context, params []river.InsertManyParams) (any, error) {
	results := make([]*rivertype.JobInsertResult, len(params))
	for index, one := range params {
		result, err := p.inserter.Insert(ctx, one.Args, one.InsertOpts)
		if err != nil {
			return nil, err
		}
		results[index] = result
	}
	return viewsOfInserted(results), nil
}

func argsOf(job jobParams) (river.JobArgs, error) {
	switch job.Kind {
	case workArgs{}.Kind():
		var args workArgs
		err := json.Unmarshal(job.Args, &args)
		return args, err
	case taggedArgs{}.Kind():
		var args taggedArgs
		err := json.Unmarshal(job.Args, &args)
		return args, err
	}
	return anyArgs{job.Kind, job.Args}, nil
}

func insertOpts(asked optsParams) *river.InsertOpts {
	return &river.InsertOpts{
		MaxAttempts: asked.MaxAttempts,
		Metadata:    asked.Metadata,
		Pending:     asked.Pending,
		Priority:    asked.Priority,
		Queue:       asked.Queue,
		ScheduledAt: asked.ScheduledAt,
		Tags:        asked.Tags,
		UniqueOpts: river.UniqueOpts{
			ByArgs:      asked.Unique.ByArgs,
			ByPeriod:    time.Duration(asked.Unique.ByPeriodSeconds) * time.Second,
			ByQueue:     asked.Unique.ByQueue,
			ByState:     asked.Unique.ByState,
			ExcludeKind: asked.Unique.ExcludeKind,
		},
	}
}

func viewsOfInserted(results []*rivertype.JobInsertResult) []insertedView {
	views := make([]insertedView, len(results))
	for index, result := range results {
		views[index] = insertedView{viewOf(result.Job), result.UniqueSkippedAsDuplicate}
	}
	return views
}
