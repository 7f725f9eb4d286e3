package node

import (
	"net/http"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"salon/internal/edge"
	"salon/internal/rooms"
)

// metricsHandler serves what a node counts, in the text form that Prometheus reads.
func metricsHandler(all *rooms.Rooms, sessions *edge.Server) http.Handler {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	gauge := func(name, help string, f func() float64) {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "salon_" + name, Help: help}, f))
	}
	counter := func(name, help string, v *atomic.Int64) {
		reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "salon_" + name, Help: help},
			func() float64 { return float64(v.Load()) }))
	}
	s := all.Stats()
	gauge("sessions", "Connections.", func() float64 { return float64(sessions.Open()) })
	gauge("degraded", "1 while messages to other nodes are slow, since the broker is away.", func() float64 {
		if all.Peers().Degraded() {
			return 1
		}
		return 0
	})
	gauge("rooms", "Rooms in memory.", func() float64 { return float64(s.Rooms.Load()) })
	gauge("members", "Sessions in rooms, once a room.", func() float64 { return float64(s.Members.Load()) })
	counter("appended_events_total", "Events stored for this node's members.", &s.Appended)
	counter("append_batches_total", "Appends that stored them.", &s.Batches)
	counter("refused_sends_total", "Sends that the history did not take.", &s.Refused)
	counter("deliveries_total", "Events handed to connections.", &s.Deliveries)
	counter("lags_total", "Members told that they lag.", &s.Lags)
	counter("gap_repairs_total", "Pages read to fill gaps.", &s.Repairs)
	counter("page_reads_total", "Pages read from the history.", &s.PageReads)
	p := all.Peers().Stats()
	counter("published_total", "Messages to other nodes.", &p.Published)
	counter("publish_failures_total", "Messages that the broker did not take.", &p.PubFailed)
	counter("received_total", "Messages from other nodes.", &p.Received)
	counter("ignored_total", "Messages from other nodes that this one could not read.", &p.Ignored)
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{})
}
