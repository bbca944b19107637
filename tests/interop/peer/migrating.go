package main

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

func (p *peer) migrator() (*rivermigrate.Migrator[pgx.Tx], error) {
	return rivermigrate.New(riverpgxv5.New(p.pool), &rivermigrate.Config{Logger: logger(), Schema: schema})
}

func (p *peer) validate(ctx context.Context, _ struct{}) (any, error) {
	migrator, err := p.migrator()
	if err != nil {
		return nil, err
	}
	result, err := migrator.Validate(ctx, nil)
	if err != nil {
		return nil, err
	}
	return map[string]any{"ok": result.OK, "messages": result.Messages}, nil
}

func (p *peer) versions(ctx context.Context, _ struct{}) (any, error) {
	migrator, err := p.migrator()
	if err != nil {
		return nil, err
	}
	existing, err := migrator.ExistingVersions(ctx)
	if err != nil {
		return nil, err
	}
	versions := make([]int, len(existing))
	for index, migration := range existing {
		versions[index] = migration.Version
	}
	return versions, nil
}

func (p *peer) migrate(ctx context.Context, asked struct {
	Direction     rivermigrate.Direction `json:"direction"`
	TargetVersion int                    `json:"target_version"`
},
) (any, error) {
	migrator, err := p.migrator()
	if err != nil {
		return nil, err
	}
	result, err := migrator.Migrate(ctx, asked.Direction, &rivermigrate.MigrateOpts{TargetVersion: asked.TargetVersion})
	if err != nil {
		return nil, err
	}
	applied := make([]int, len(result.Versions))
	for index, version := range result.Versions {
		applied[index] = version.Version
	}
	return applied, nil
}
