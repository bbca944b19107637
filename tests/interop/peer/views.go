package main

import (
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/riverqueue/river/rivertype"
)

// jobView is a row as River reads it: what is compared with what we read.
type jobView struct {
	Args         json.RawMessage      `json:"args"`
	Attempt      int                  `json:"attempt"`
	AttemptedAt  *time.Time           `json:"attempted_at"`
	AttemptedBy  []string             `json:"attempted_by"`
	CreatedAt    time.Time            `json:"created_at"`
	Errors       []errorView          `json:"errors"`
	FinalizedAt  *time.Time           `json:"finalized_at"`
	ID           int64                `json:"id"`
	Kind         string               `json:"kind"`
	MaxAttempts  int                  `json:"max_attempts"`
	Metadata     json.RawMessage      `json:"metadata"`
	Priority     int                  `json:"priority"`
	Queue        string               `json:"queue"`
	ScheduledAt  time.Time            `json:"scheduled_at"`
	State        rivertype.JobState   `json:"state"`
	Tags         []string             `json:"tags"`
	UniqueKey    string               `json:"unique_key"`
	UniqueStates []rivertype.JobState `json:"unique_states"`
}

type errorView struct {
	At      time.Time `json:"at"`
	Attempt int       `json:"attempt"`
	Error   string    `json:"error"`
	Trace   string    `json:"trace"`
}

func viewOf(job *rivertype.JobRow) jobView {
	failures := make([]errorView, len(job.Errors))
	for index, failure := range job.Errors {
		failures[index] = errorView{failure.At.UTC(), failure.Attempt, failure.Error, failure.Trace}
	}
	return jobView{
		Args:         job.EncodedArgs,
		Attempt:      job.Attempt,
		AttemptedAt:  utc(job.AttemptedAt),
		AttemptedBy:  append([]string{}, job.AttemptedBy...),
		CreatedAt:    job.CreatedAt.UTC(),
		Errors:       failures,
		FinalizedAt:  utc(job.FinalizedAt),
		ID:           job.ID,
		Kind:         job.Kind,
		MaxAttempts:  job.MaxAttempts,
		Metadata:     job.Metadata,
		Priority:     job.Priority,
		Queue:        job.Queue,
		ScheduledAt:  job.ScheduledAt.UTC(),
		State:        job.State,
		Tags:         append([]string{}, job.Tags...),
		UniqueKey:    hex.EncodeToString(job.UniqueKey),
		UniqueStates: slices.Sorted(slices.Values(job.UniqueStates)),
	}
}

func viewsOf(jobs []*rivertype.JobRow) []jobView {
	views := make([]jobView, len(jobs))
	for index, job := range jobs {
		views[index] = viewOf(job)
	}
	return views
}

func utc(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	moved := at.UTC()
	return &moved
}

type queueView struct {
	Name     string          `json:"name"`
	Metadata json.RawMessage `json:"metadata"`
	IsPaused bool            `json:"is_paused"`
}

func viewOfQueue(queue *rivertype.Queue) queueView {
	return queueView{queue.Name, queue.Metadata, queue.PausedAt != nil}
}
