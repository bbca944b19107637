package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
)

const schema = "river"

// peer has one client that only inserts and controls, and at most one that works.
type peer struct {
	pool     *pgxpool.Pool
	out      *output
	inserter *river.Client[pgx.Tx]
	working  *river.Client[pgx.Tx]
	methods  map[string]func(context.Context, json.RawMessage) (any, error)
}

func newPeer(pool *pgxpool.Pool, out *output) (*peer, error) {
	inserter, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Schema: schema, Logger: logger()})
	if err != nil {
		return nil, err
	}
	p := &peer{pool: pool, out: out, inserter: inserter}
	p.methods = map[string]func(context.Context, json.RawMessage) (any, error){
		"cancel":         typed(p.cancel),
		"delete":         typed(p.delete),
		"get":            typed(p.get),
		"insert":         typed(p.insert),
		"list":           typed(p.list),
		"migrate":        typed(p.migrate),
		"queue_get":      typed(p.queueGet),
		"queue_list":     typed(p.queueList),
		"queue_pause":    typed(p.queuePause),
		"queue_resume":   typed(p.queueResume),
		"queue_update":   typed(p.queueUpdate),
		"request_resign": typed(p.requestResign),
		"retry":          typed(p.retry),
		"start":          typed(p.start),
		"stop":           typed(p.stop),
		"update":         typed(p.update),
		"validate":       typed(p.validate),
		"versions":       typed(p.versions),
	}
	return p, nil
}

func typed[P any](method func(context.Context, P) (any, error)) func(context.Context, json.RawMessage) (any, error) {
	return func(ctx context.Context, encoded json.RawMessage) (any, error) {
		var params P
		if err := json.Unmarshal(encoded, &params); err != nil {
			return nil, err
		}
		return method(ctx, params)
	}
}

func (p *peer) call(ctx context.Context, name string, params json.RawMessage) (any, error) {
	method, known := p.methods[name]
	if !known {
		return nil, fmt.Errorf("no method %q", name)
	}
	return method(ctx, params)
}

type startParams struct {
	ID              string           `json:"id"`
	Queues          map[string]int   `json:"queues"`
	Periodic        []periodicParams `json:"periodic"`
	PollSeconds     float64          `json:"poll_seconds"`
	RescueSeconds   float64          `json:"rescue_seconds"`
	RetrySeconds    *float64         `json:"retry_seconds"`
	MayNotLead      bool             `json:"may_not_lead"`
	SoftStopSeconds float64          `json:"soft_stop_seconds"`
}

type periodicParams struct {
	ID         string  `json:"id"`
	Queue      string  `json:"queue"`
	Text       string  `json:"text"`
	Seconds    float64 `json:"seconds"`
	RunOnStart bool    `json:"run_on_start"`
}

func (p *peer) start(ctx context.Context, asked startParams) (any, error) {
	if p.working != nil {
		return nil, errors.New("it works already")
	}
	config := &river.Config{
		FetchCooldown:          time.Millisecond,
		FetchPollInterval:      seconds(asked.PollSeconds),
		ID:                     asked.ID,
		LeaderElectionDisabled: asked.MayNotLead,
		Logger:                 logger(),
		Middleware:             []rivertype.Middleware{logging()},
		PeriodicJobs:           periodicJobs(asked.Periodic),
		Queues:                 map[string]river.QueueConfig{},
		Schema:                 schema,
		SoftStopTimeout:        seconds(asked.SoftStopSeconds),
		Workers:                newWorkers(p.out),
	}
	if asked.RescueSeconds != 0 {
		config.JobTimeout = seconds(asked.RescueSeconds)
		config.RescueStuckJobsAfter = seconds(asked.RescueSeconds)
	}
	if asked.RetrySeconds != nil {
		config.RetryPolicy = retryAfter(seconds(*asked.RetrySeconds))
	}
	for name, most := range asked.Queues {
		config.Queues[name] = river.QueueConfig{MaxWorkers: most}
	}
	client, err := river.NewClient(riverpgxv5.New(p.pool), config)
	if err != nil {
		return nil, err
	}
	p.tellEvents(client)
	if err := client.Start(ctx); err != nil {
		return nil, err
	}
	p.working = client
	return client.ID(), nil
}

// tellEvents passes on what the client announces, until it stops.
func (p *peer) tellEvents(client *river.Client[pgx.Tx]) {
	events, _ := client.Subscribe(
		river.EventKindJobCancelled, river.EventKindJobCompleted, river.EventKindJobFailed,
		river.EventKindJobInterrupted, river.EventKindJobSnoozed,
		river.EventKindQueuePaused, river.EventKindQueueResumed,
	)
	go func() {
		for happened := range events {
			p.out.event(string(happened.Kind), happened.Job)
		}
	}()
}

func periodicJobs(asked []periodicParams) []*river.PeriodicJob {
	jobs := make([]*river.PeriodicJob, len(asked))
	for index, one := range asked {
		construct := func() (river.JobArgs, *river.InsertOpts) {
			return workArgs{Text: one.Text}, &river.InsertOpts{Queue: one.Queue}
		}
		opts := &river.PeriodicJobOpts{ID: one.ID, RunOnStart: one.RunOnStart}
		jobs[index] = river.NewPeriodicJob(river.PeriodicInterval(seconds(one.Seconds)), construct, opts)
	}
	return jobs
}

func (p *peer) stop(ctx context.Context, asked struct {
	Cancel bool `json:"cancel"`
},
) (any, error) {
	if p.working == nil {
		return nil, errors.New("it does not work")
	}
	stopping := p.working
	p.working = nil
	if asked.Cancel {
		return nil, stopping.StopAndCancel(ctx)
	}
	return nil, stopping.Stop(ctx)
}

func (p *peer) stopNow(ctx context.Context) {
	if p.working == nil {
		return
	}
	if err := p.working.StopAndCancel(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "stopping:", err)
	}
}

func (p *peer) requestResign(ctx context.Context, _ struct{}) (any, error) {
	return nil, p.inserter.Notify().RequestResign(ctx)
}

func logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

func seconds(count float64) time.Duration { return time.Duration(count * float64(time.Second)) }
