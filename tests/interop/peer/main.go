// A process beside ours on the same tables: released River, told what to do by JSON lines.
//
// Each line on standard input is a request {id, method, params}; each on standard output an answer {id, result} or
// {id, error}, or an event {event, job}. It ends with its standard input. DATABASE_URL says where the tables are.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/rivertype"
)

const longestLine = 64 << 20

type request struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
}

type answer struct {
	ID     int    `json:"id"`
	Result any    `json:"result"`
	Error  string `json:"error,omitempty"`
}

type event struct {
	Event string   `json:"event"`
	Job   *jobView `json:"job"`
}

// output writes whole lines, whoever has something to say.
type output struct {
	mutex   sync.Mutex
	encoder *json.Encoder
}

func (o *output) write(line any) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if err := o.encoder.Encode(line); err != nil {
		fmt.Fprintln(os.Stderr, "nobody listens any more:", err)
		os.Exit(1)
	}
}

func (o *output) event(name string, job *rivertype.JobRow) {
	told := event{Event: name}
	if job != nil {
		view := viewOf(job)
		told.Job = &view
	}
	o.write(told)
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	defer pool.Close()
	out := &output{encoder: json.NewEncoder(os.Stdout)}
	peer, err := newPeer(pool, out)
	if err != nil {
		return err
	}
	defer peer.stopNow(ctx)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		var asked request
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			return fmt.Errorf("not a request: %w", err)
		}
		result, err := peer.call(ctx, asked.Method, asked.Params)
		told := answer{ID: asked.ID, Result: result}
		if err != nil {
			told.Error = err.Error()
		}
		out.write(told)
	}
	return lines.Err()
}
