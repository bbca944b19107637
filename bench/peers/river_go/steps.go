package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"golang.org/x/sys/unix"
)

const (
	insertBatch = 5_000 // as River's bench has it
	warmUp      = 20    // peer.py: LATENCY_WARM_UP
	shortestGap = 150 * time.Millisecond
	longestGap  = 250 * time.Millisecond
	unseenStart = 500 * time.Millisecond // peer.py: UNSEEN_START
)

type measured struct {
	began time.Time
	cpu   float64
}

func begin() measured { return measured{time.Now(), cpuSeconds()} }

func (m measured) answer() answer {
	return answer{"seconds": time.Since(m.began).Seconds(), "cpu_seconds": cpuSeconds() - m.cpu}
}

func cpuSeconds() float64 {
	used := usage()
	return float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9
}

// monotonic is the clock that all processes of the machine share; Go's own has no public reading.
func monotonic() int64 {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		panic(err) // every kernel has this clock
	}
	return now.Nano()
}

func params(first, last int) []river.InsertManyParams {
	jobs := make([]river.InsertManyParams, 0, last-first)
	for number := first; number < last; number++ {
		jobs = append(jobs, river.InsertManyParams{Args: benchmarkArgs{number}})
	}
	return jobs
}

func insertMany(ctx context.Context, pool *pgxpool.Pool, count int) (answer, error) {
	client, err := inserter(pool)
	if err != nil {
		return nil, err
	}
	timed := begin()
	for first := 0; first < count; first += insertBatch {
		if _, err := client.InsertMany(ctx, params(first, min(first+insertBatch, count))); err != nil {
			return nil, err
		}
	}
	return timed.answer(), nil
}

func insertManyFast(ctx context.Context, pool *pgxpool.Pool, count int) (answer, error) {
	client, err := inserter(pool)
	if err != nil {
		return nil, err
	}
	timed := begin()
	if _, err := client.InsertManyFast(ctx, params(0, count)); err != nil {
		return nil, err
	}
	return timed.answer(), nil
}

type inserted struct {
	JobID    int64 `json:"job_id"`
	Called   int64 `json:"called"`
	Returned int64 `json:"returned"`
}

func insertSingly(ctx context.Context, pool *pgxpool.Pool, count int) (answer, error) {
	return insertOneByOne(ctx, pool, count, func() {})
}

func insertSlowly(ctx context.Context, pool *pgxpool.Pool, count int) (answer, error) {
	return insertOneByOne(ctx, pool, count, func() {
		time.Sleep(shortestGap + rand.N(longestGap-shortestGap))
	})
}

func insertOneByOne(ctx context.Context, pool *pgxpool.Pool, count int, wait func()) (answer, error) {
	client, err := inserter(pool)
	if err != nil {
		return nil, err
	}
	told := make([]inserted, 0, warmUp+count)
	for number := range warmUp + count {
		wait()
		called := monotonic()
		result, err := client.Insert(ctx, benchmarkArgs{number}, nil)
		if err != nil {
			return nil, err
		}
		told = append(told, inserted{result.Job.ID, called, monotonic()})
	}
	return answer{"inserted": told[warmUp:]}, nil
}

func burnDown(ctx context.Context, pool *pgxpool.Pool, count int) (answer, error) {
	runs := make([]atomic.Int32, count+1)
	var left atomic.Int64
	left.Store(int64(count))
	done := make(chan struct{})
	timed := begin()
	client, err := worker(pool, burnPoll, func(id int64) {
		runs[id].Add(1)
		if left.Add(-1) == 0 {
			close(done)
		}
	})
	if err != nil {
		return nil, err
	}
	if err := client.Start(ctx); err != nil {
		return nil, err
	}
	<-done
	if err := client.Stop(ctx); err != nil {
		return nil, err
	}
	told := timed.answer()
	for id := 1; id <= count; id++ {
		if found := runs[id].Load(); found != 1 {
			return nil, fmt.Errorf("job %d ran %d times", id, found)
		}
	}
	return told, nil
}

func pickUp(ctx context.Context, pool *pgxpool.Pool, count int) (answer, error) {
	var mutex sync.Mutex
	started := map[string]int64{}
	done := make(chan struct{})
	client, err := worker(pool, idlePoll, func(id int64) {
		now := monotonic()
		mutex.Lock()
		defer mutex.Unlock()
		started[strconv.FormatInt(id, 10)] = now
		if len(started) == count {
			close(done)
		}
	})
	if err != nil {
		return nil, err
	}
	if err := client.Start(ctx); err != nil {
		return nil, err
	}
	time.Sleep(unseenStart)
	fmt.Println("ready")
	<-done
	return answer{"started": started}, client.Stop(ctx)
}

func verifyInserted(ctx context.Context, pool *pgxpool.Pool, count int) (answer, error) {
	var found int
	err := pool.QueryRow(ctx,
		"SELECT count(*) FROM river.river_job WHERE state = 'available' AND attempt = 0").Scan(&found)
	if err == nil && found != count {
		err = fmt.Errorf("jobs inserted: found %d, expected %d", found, count)
	}
	return answer{}, err
}

func verifyCompleted(ctx context.Context, pool *pgxpool.Pool, count int) (answer, error) {
	var all, completed int
	err := pool.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE state = 'completed' AND attempt = 1
		AND finalized_at IS NOT NULL AND errors IS NULL) FROM river.river_job`).Scan(&all, &completed)
	if err == nil && (all != count || completed != count) {
		err = fmt.Errorf("jobs %d, of them completed at the first attempt %d, expected %d", all, completed, count)
	}
	return answer{}, err
}
