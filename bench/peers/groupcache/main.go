// One groupcache-go process of the measurement in bench/peers: it takes orders on standard input, one JSON object a
// line, and answers each with one line on standard output.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	groupcache "github.com/groupcache/groupcache-go/v3"
	"github.com/groupcache/groupcache-go/v3/transport"
	"github.com/groupcache/groupcache-go/v3/transport/peer"
)

// order says what to do: "join", "remote", "cold" or "cpu".
type order struct {
	Do         string   `json:"do"`
	Addresses  []string `json:"addresses"`
	Self       string   `json:"self"`
	ValueBytes int      `json:"valueBytes"`
	// KeepsOthers says whether copies of what other processes own are kept.
	KeepsOthers bool `json:"keepsOthers"`
	// OneAtATime says whether the process reads one key at a time, whoever asks.
	OneAtATime   bool    `json:"oneAtATime"`
	KeysPerQuery int     `json:"keysPerQuery"`
	InFlight     int     `json:"inFlight"`
	Seconds      float64 `json:"seconds"`
	Batches      []int   `json:"batches"`
	Round        int     `json:"round"`
}

type answer struct {
	Keys       int     `json:"keys"`
	CPUSeconds float64 `json:"cpuSeconds"`
	// Loads counts what the source was asked since the last answer; one call is one key.
	Loads int64  `json:"loads"`
	Error string `json:"error,omitempty"`
}

const sourceDelay = 10 * time.Millisecond

type process struct {
	valuesGroup transport.Group
	coldGroup   transport.Group
	daemon      *groupcache.Daemon
	loads       atomic.Int64
	// turn is held for as long as a read takes, where the process reads one key at a time.
	turn   *sync.Mutex
	others []string
	next   atomic.Int64
}

// nothing is a cache that keeps nothing.
type nothing struct{}

func (nothing) Get(string) (transport.ByteView, bool) { return transport.ByteView{}, false }
func (nothing) Add(string, transport.ByteView)        {}
func (nothing) Stats() groupcache.CacheStats          { return groupcache.CacheStats{} }
func (nothing) Remove(string)                         {}
func (nothing) Bytes() int64                          { return 0 }
func (nothing) Close()                                {}

// everything is a cache that gives nothing up: a map, which costs no more than what groupcache would keep here.
type everything struct {
	nothing
	lock   sync.RWMutex
	values map[string]transport.ByteView
}

func (e *everything) Get(key string) (transport.ByteView, bool) {
	e.lock.RLock()
	defer e.lock.RUnlock()
	value, found := e.values[key]
	return value, found
}

func (e *everything) Add(key string, value transport.ByteView) {
	e.lock.Lock()
	defer e.lock.Unlock()
	e.values[key] = value
}

const (
	valuesCacheBytes = 16 << 20
	coldCacheBytes   = 512 << 20
)

// cacheOfReader keeps nothing of what is read from others again and again, so that every such read goes to them.
func cacheOfReader(maxBytes int64) (groupcache.Cache, error) {
	// It is asked for two caches of each group, for an eighth and the rest of its bytes.
	if maxBytes > valuesCacheBytes {
		return &everything{values: map[string]transport.ByteView{}}, nil
	}
	return nothing{}, nil
}

func (p *process) join(o order) error {
	ctx := context.Background()
	// The default keeps two connections to a peer and opens one more for every other request, which makes it fail here.
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 128, MaxConnsPerHost: 128}}
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))
	options := groupcache.Options{
		Logger:    logger,
		Transport: transport.NewHttpTransport(transport.HttpTransportOptions{Client: client, Logger: logger}),
	}
	if o.OneAtATime {
		p.turn = &sync.Mutex{}
	}
	if !o.KeepsOthers {
		options.CacheFactory = cacheOfReader
	}
	daemon, err := groupcache.ListenAndServe(ctx, o.Self, options)
	if err != nil {
		return err
	}
	value := strings.Repeat("x", o.ValueBytes)
	source := func(delay time.Duration) groupcache.GetterFunc {
		return func(_ context.Context, _ string, dest transport.Sink) error {
			p.loads.Add(1)
			time.Sleep(delay)
			return dest.SetString(value, time.Time{})
		}
	}
	if p.valuesGroup, err = daemon.NewGroup("values", valuesCacheBytes, source(0)); err != nil {
		return err
	}
	if p.coldGroup, err = daemon.NewGroup("cold", coldCacheBytes, source(sourceDelay)); err != nil {
		return err
	}
	var peers []peer.Info
	for _, address := range o.Addresses {
		peers = append(peers, peer.Info{Address: address, IsSelf: address == o.Self})
	}
	p.daemon = daemon
	if err := daemon.GetInstance().SetPeers(ctx, peers); err != nil {
		return err
	}
	for index := range 20_000 {
		key := fmt.Sprintf("key-%d", index)
		if _, isRemote := daemon.GetInstance().PickPeer(key); isRemote {
			p.others = append(p.others, key)
		}
	}
	return nil
}

// read reads keys as its documentation does, one Get each, all at once where there are several.
func (p *process) read(from transport.Group, keys []string) error {
	if len(keys) == 1 {
		return p.get(from, keys[0])
	}
	var group sync.WaitGroup
	var failure atomic.Value
	for _, key := range keys {
		group.Go(func() {
			if err := p.get(from, key); err != nil {
				failure.Store(err)
			}
		})
	}
	group.Wait()
	if err, ok := failure.Load().(error); ok {
		return err
	}
	return nil
}

func (p *process) get(from transport.Group, key string) error {
	if p.turn != nil {
		p.turn.Lock()
		defer p.turn.Unlock()
	}
	var value string
	return from.Get(context.Background(), key, transport.StringSink(&value))
}

// remote reads what other processes own, so many queries at a time.
func (p *process) remote(o order) (int, error) {
	end := time.Now().Add(time.Duration(o.Seconds * float64(time.Second)))
	var keys atomic.Int64
	var failure atomic.Value
	var group sync.WaitGroup
	for range o.InFlight {
		group.Go(func() {
			some := make([]string, o.KeysPerQuery)
			for time.Now().Before(end) {
				for index := range some {
					some[index] = p.others[int(p.next.Add(1))%len(p.others)]
				}
				if err := p.read(p.valuesGroup, some); err != nil {
					failure.Store(err)
					return
				}
				keys.Add(int64(len(some)))
			}
		})
	}
	group.Wait()
	if err, ok := failure.Load().(error); ok {
		return 0, err
	}
	return int(keys.Load()), nil
}

// cold lets one reader for each batch read the keys of it, which nobody has read before this round.
func (p *process) cold(o order) (int, error) {
	var failure atomic.Value
	var group sync.WaitGroup
	for _, batch := range o.Batches {
		group.Go(func() {
			keys := make([]string, o.KeysPerQuery)
			for index := range keys {
				keys[index] = fmt.Sprintf("cold-%d-%d-%d", o.Round, batch, index)
			}
			if err := p.read(p.coldGroup, keys); err != nil {
				failure.Store(err)
			}
		})
	}
	group.Wait()
	if err, ok := failure.Load().(error); ok {
		return 0, err
	}
	return len(o.Batches) * o.KeysPerQuery, nil
}

func (p *process) carryOut(o order) (int, error) {
	switch o.Do {
	case "join":
		return 0, p.join(o)
	case "remote":
		return p.remote(o)
	case "cold":
		return p.cold(o)
	default:
		return 0, nil
	}
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return seconds(usage.Utime) + seconds(usage.Stime)
}

func main() {
	p := &process{}
	output := json.NewEncoder(os.Stdout)
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<20)
	for input.Scan() {
		var o order
		if err := json.Unmarshal(input.Bytes(), &o); err != nil {
			_ = output.Encode(answer{Error: err.Error()})
			continue
		}
		keys, err := p.carryOut(o)
		a := answer{Keys: keys, CPUSeconds: cpuSeconds(), Loads: p.loads.Swap(0)}
		if err != nil {
			a.Error = err.Error()
		}
		_ = output.Encode(a)
	}
}
