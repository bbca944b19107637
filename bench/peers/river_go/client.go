package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

const (
	schema        = "river"
	maxWorkers    = 2_000
	fetchCooldown = 2 * time.Millisecond
	burnPoll      = 20 * time.Millisecond
	idlePoll      = time.Second // River's default: an idle client hears of its job
)

type benchmarkArgs struct {
	Num int `json:"num"`
}

func (benchmarkArgs) Kind() string { return "benchmark" }

// benchmarkWorker does nothing but tell that it was called.
type benchmarkWorker struct {
	river.WorkerDefaults[benchmarkArgs]
	onWork func(id int64)
}

func (w *benchmarkWorker) Work(_ context.Context, job *river.Job[benchmarkArgs]) error {
	w.onWork(job.ID)
	return nil
}

func logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

func inserter(pool *pgxpool.Pool) (*river.Client[pgx.Tx], error) {
	return river.NewClient(riverpgxv5.New(pool), &river.Config{
		FetchCooldown: fetchCooldown, Logger: logger(), Schema: schema,
	})
}

func worker(pool *pgxpool.Pool, poll time.Duration, onWork func(id int64)) (*river.Client[pgx.Tx], error) {
	workers := river.NewWorkers()
	river.AddWorker(workers, &benchmarkWorker{onWork: onWork})
	return river.NewClient(riverpgxv5.New(pool), &river.Config{
		FetchCooldown:     fetchCooldown,
		FetchPollInterval: poll,
		Logger:            logger(),
		Queues:            map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: maxWorkers}},
		Schema:            schema,
		Workers:           workers,
	})
}

func install(ctx context.Context, pool *pgxpool.Pool, _ int) (answer, error) {
	if _, err := pool.Exec(ctx, "CREATE SCHEMA "+schema); err != nil {
		return nil, err
	}
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: schema, Logger: logger()})
	if err != nil {
		return nil, err
	}
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return answer{}, err
}

func settings(context.Context, *pgxpool.Pool, int) (answer, error) {
	text := fmt.Sprintf("%s; %d workers, cooldown %s, poll %s (pick-up: %s); bulk: InsertMany of %d, InsertManyFast of all",
		versions(), maxWorkers, fetchCooldown, burnPoll, idlePoll, insertBatch)
	return answer{"settings": text}, nil
}

func versions() string {
	info, known := debug.ReadBuildInfo()
	if !known {
		return "unknown build"
	}
	text := info.GoVersion
	for _, module := range info.Deps {
		if module.Path == "github.com/riverqueue/river" || module.Path == "github.com/jackc/pgx/v5" {
			text += ", " + module.Path + " " + module.Version
		}
	}
	return text
}
