package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverlog"
	"github.com/riverqueue/river/rivertype"
	"github.com/tidwall/gjson"
)

// workArgs tell the worker how the attempt is to end.
type workArgs struct {
	Behavior string  `json:"behavior"`
	Seconds  float64 `json:"seconds"`
	Text     string  `json:"text"`
}

func (workArgs) Kind() string { return "interop.work" }

// taggedArgs are unique by two fields, one of them nested.
type taggedArgs struct {
	Account account `json:"account"`
	Place   string  `json:"place"   river:"unique"`
	Note    string  `json:"note"`
}

type account struct {
	ID   string `json:"id"   river:"unique"`
	Note string `json:"note"`
}

func (taggedArgs) Kind() string { return "interop.tagged" }

// anyArgs are any JSON under any kind: what a typed struct could not hold, a test may still insert.
type anyArgs struct {
	kind    string
	encoded json.RawMessage
}

func (a anyArgs) Kind() string                 { return a.kind }
func (a anyArgs) MarshalJSON() ([]byte, error) { return a.encoded, nil }

type worker struct {
	river.WorkerDefaults[workArgs]
	out *output
}

func (w *worker) Work(ctx context.Context, job *river.Job[workArgs]) error {
	w.out.event("working", job.JobRow)
	text := job.Args.Text
	switch job.Args.Behavior {
	case "":
		return nil
	case "fail":
		return errors.New(text)
	case "panic":
		panic(text)
	case "cancel":
		return river.JobCancel(errors.New(text))
	case "snooze":
		if gjson.GetBytes(job.Metadata, "snoozes").Exists() {
			return nil
		}
		return river.JobSnooze(time.Duration(job.Args.Seconds * float64(time.Second)))
	case "wait":
		<-ctx.Done()
		return ctx.Err()
	case "output":
		riverlog.Logger(ctx).Info(text)
		return river.RecordOutput(ctx, map[string]string{"text": text})
	case "resume":
		return resume(ctx, job)
	case "resume the first":
		return resumeTheFirst(ctx, job)
	}
	return fmt.Errorf("unknown behavior %q", job.Args.Behavior)
}

// resume fails its first attempt in the second of three steps; a later one has to begin there, at the cursor.
func resume(ctx context.Context, job *river.Job[workArgs]) error {
	taken := []string{}
	river.ResumableStep(ctx, "first", nil, func(context.Context) error {
		taken = append(taken, "first")
		return nil
	})
	river.ResumableStepCursor(ctx, "second", nil, func(ctx context.Context, cursor int) error {
		if job.Attempt == 1 {
			if err := river.ResumableSetCursor(ctx, 7); err != nil {
				return err
			}
			return errors.New("interrupted at 7")
		}
		taken = append(taken, fmt.Sprintf("second from %d", cursor))
		return nil
	})
	river.ResumableStep(ctx, "third", nil, func(ctx context.Context) error {
		taken = append(taken, "third")
		return river.RecordOutput(ctx, map[string][]string{"taken": taken})
	})
	return nil
}

// resumeTheFirst fails its first attempt in the only step; a later one has to go on at the cursor.
func resumeTheFirst(ctx context.Context, job *river.Job[workArgs]) error {
	river.ResumableStepCursor(ctx, "only", nil, func(ctx context.Context, cursor int) error {
		if job.Attempt > 1 {
			return river.RecordOutput(ctx, map[string][]string{"taken": {fmt.Sprintf("only from %d", cursor)}})
		}
		if err := river.ResumableSetCursor(ctx, 7); err != nil {
			return err
		}
		return errors.New("interrupted at 7")
	})
	return nil
}

func newWorkers(out *output) *river.Workers {
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{out: out})
	return workers
}

func logging() rivertype.Middleware {
	return riverlog.NewMiddleware(func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, nil) }, nil)
}

// retryAfter retries every failure after the same time.
type retryAfter time.Duration

func (r retryAfter) NextRetry(*rivertype.JobRow) time.Time { return time.Now().Add(time.Duration(r)) }
