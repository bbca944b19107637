// River itself as a peer of the bench: `river_go STEP COUNT` does one step and prints one JSON object, as our own
// `bench.child` does. BENCH_URL names the database. The settings are those of River's own bench.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"syscall"

	"github.com/jackc/pgx/v5/pgxpool"
)

type answer map[string]any

var steps = map[string]func(ctx context.Context, pool *pgxpool.Pool, count int) (answer, error){
	"settings":         settings,
	"install":          install,
	"insert_many":      insertMany,
	"insert_many_fast": insertManyFast,
	"insert_singly":    insertSingly,
	"insert_slowly":    insertSlowly,
	"burn_down":        burnDown,
	"pick_up":          pickUp,
	"verify_inserted":  verifyInserted,
	"verify_completed": verifyCompleted,
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "river_go:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	if len(os.Args) != 3 {
		return fmt.Errorf("usage: river_go STEP COUNT")
	}
	step, known := steps[os.Args[1]]
	if !known {
		return fmt.Errorf("no step %q", os.Args[1])
	}
	count, err := strconv.Atoi(os.Args[2])
	if err != nil {
		return err
	}
	pool, err := pgxpool.New(ctx, os.Getenv("BENCH_URL"))
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := pool.Ping(ctx); err != nil {
		return err
	}
	told, err := step(ctx, pool, count)
	if err != nil {
		return err
	}
	told["peak_mib"] = float64(usage().Maxrss) / 1024
	return json.NewEncoder(os.Stdout).Encode(told)
}

func usage() syscall.Rusage {
	var found syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &found); err != nil {
		panic(err) // the kernel has no other answer for our own process
	}
	return found
}
