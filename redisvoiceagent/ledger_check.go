package redisvoiceagent

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Check returns, as one joined error, everything that would make Redis lose entries: appendonly
// off, appendfsync other than always, an append-only file that can't be written, and a
// maxmemory-policy other than noeviction. The error also lists the settings that it couldn't read,
// because INFO or CONFIG is forbidden, as is common with a managed Redis; see the provider's
// settings then. In a Redis Cluster it checks the server that holds the ledger. It doesn't check
// replicas and failovers.
func (l *Ledger) Check(ctx context.Context) error {
	node, err := l.node(ctx)
	if err != nil {
		return fmt.Errorf("redisvoiceagent: Check: %w", err)
	}
	c := checker{ctx: ctx, rdb: node}
	if err := c.readInfo(); err != nil {
		return fmt.Errorf("redisvoiceagent: nothing can be checked: %w", err)
	}
	c.file()
	c.eviction()
	if len(c.found) == 0 {
		return nil
	}
	return fmt.Errorf("redisvoiceagent: %w", errors.Join(c.found...))
}

// node is the server that the ledger's keys are on.
func (l *Ledger) node(ctx context.Context) (redis.Cmdable, error) {
	switch c := l.rdb.(type) {
	case *redis.ClusterClient:
		return c.MasterForKey(ctx, l.entryKey(""))
	case *redis.Ring:
		return c.GetShardClientForKey(l.entryKey(""))
	}
	return l.rdb, nil
}

type checker struct {
	ctx   context.Context
	rdb   redis.Cmdable
	info  map[string]string
	found []error
}

func (c *checker) report(format string, args ...any) {
	c.found = append(c.found, fmt.Errorf(format, args...))
}

// readInfo reads what INFO says. One that is forbidden says nothing, and CONFIG is asked.
func (c *checker) readInfo() error {
	c.info = make(map[string]string)
	for _, section := range []string{"persistence", "memory"} {
		text, err := c.rdb.Info(c.ctx, section).Result()
		if _, refused := errors.AsType[redis.Error](err); err != nil && !refused {
			return err
		}
		for line := range strings.Lines(text) {
			if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
				c.info[name] = value
			}
		}
	}
	return nil
}

// setting is a setting of the server; false when it can't be read, which is reported.
func (c *checker) setting(name string) (string, bool) {
	values, err := c.rdb.ConfigGet(c.ctx, name).Result()
	value, ok := values[name]
	if err == nil && !ok {
		err = errors.New("CONFIG GET doesn't show it")
	}
	if err != nil {
		c.report("%s can't be checked: %w", name, err)
		return "", false
	}
	return value, true
}

func (c *checker) file() {
	on, known := c.info["aof_enabled"]
	if !known {
		var value string
		if value, known = c.setting("appendonly"); !known {
			return
		}
		on = map[string]string{"yes": "1"}[value]
	}
	if on != "1" {
		c.report("appendonly is off: a restart of Redis loses all entries since the last snapshot, and those people may be called again")
		return
	}
	if status := c.info["aof_last_write_status"]; status != "" && status != "ok" {
		c.report("the append-only file could not be written last time: aof_last_write_status is %s", status)
	}
	switch value, known := c.setting("appendfsync"); {
	case !known || value == "always":
	case value == "everysec":
		c.report("appendfsync is everysec, not always: if Redis or the machine crashes, the entries of the last two seconds can be lost")
	default:
		c.report("appendfsync is %s, not always: if the machine crashes, what the system has not written yet is lost, often 30 seconds", value)
	}
}

func (c *checker) eviction() {
	policy, known := c.info["maxmemory_policy"]
	if !known {
		if policy, known = c.setting("maxmemory-policy"); !known {
			return
		}
	}
	if policy != "noeviction" {
		c.report("maxmemory-policy is %s, not noeviction: Redis may throw entries away when its memory is full", policy)
	}
}
