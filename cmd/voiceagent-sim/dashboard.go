package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strings"

	"github.com/voiceagent-go/voiceagent/internal/simulator/view"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// dashboardPath is where the page is. Nothing below it reaches the simulator, so a look at the page
// is never counted.
const dashboardPath = "/_sim/"

//go:embed page
var pageFiles embed.FS

// contentTypes are given here because some systems have their own ideas of them.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// policy lets the page use its own files and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// dashboard is a page to look at the simulator with, and the buttons on it.
type dashboard struct {
	sim     *voiceagenttest.Server
	inside  inside
	traffic *traffic
	answers answers
}

// inside is what the handler of a server has beside ServeHTTP.
type inside interface {
	http.Handler
	Snapshot(n int) view.Snapshot
	Call(id string, n int) (view.Record, bool)
	Faults() []voiceagenttest.Fault
}

func newDashboard(sim *voiceagenttest.Server, counted *traffic) *dashboard {
	return &dashboard{sim: sim, inside: sim.Handler().(inside), traffic: counted}
}

// handler serves the page at [dashboardPath] and the API everywhere else, as if there were no page.
func (d *dashboard) handler() http.Handler {
	own := d.protect(http.HandlerFunc(d.route))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == strings.TrimSuffix(dashboardPath, "/") || strings.HasPrefix(r.URL.Path, dashboardPath) {
			own.ServeHTTP(w, r)
			return
		}
		d.answers.serve(d.inside, w, r)
	})
}

// protect keeps pages of other sites from pressing the buttons, and this one from using anything of
// theirs.
func (d *dashboard) protect(next http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusForbidden, "a page of another site may not do this: use the simulator's own page")
	}))
	guarded := guard.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store") // another version of the program may run here next
		guarded.ServeHTTP(w, r)
	})
}

func (d *dashboard) route(w http.ResponseWriter, r *http.Request) {
	switch name := strings.TrimPrefix(r.URL.Path, dashboardPath); name {
	case "state":
		methods{http.MethodGet: d.getState}.ServeHTTP(w, r)
	case "faults":
		methods{http.MethodPost: d.addFault, http.MethodDelete: d.clearFaults}.ServeHTTP(w, r)
	case strings.TrimSuffix(dashboardPath, "/"):
		http.Redirect(w, r, dashboardPath, http.StatusPermanentRedirect)
	default:
		methods{http.MethodGet: func(w http.ResponseWriter, _ *http.Request) { servePage(w, name) }}.ServeHTTP(w, r)
	}
}

// methods are what can be done with one address.
type methods map[string]http.HandlerFunc

func (can methods) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	do, ok := can[method]
	if !ok {
		var allowed []string
		for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
			if can[m] != nil {
				allowed = append(allowed, m)
			}
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		refuse(w, http.StatusMethodNotAllowed, fmt.Sprintf("%s does not take this method; it takes %s", r.URL.Path, strings.Join(allowed, " and ")))
		return
	}
	do(w, r)
}

func servePage(w http.ResponseWriter, name string) {
	if name == "" {
		name = "index.html"
	}
	data, err := pageFiles.ReadFile("page/" + name)
	if err != nil {
		refuse(w, http.StatusNotFound, "there is no such page; the dashboard is at "+dashboardPath)
		return
	}
	w.Header().Set("Content-Type", contentTypes[path.Ext(name)])
	_, _ = w.Write(data)
}

func (d *dashboard) getState(w http.ResponseWriter, r *http.Request) {
	open := r.URL.Query()
	answer(w, http.StatusOK, d.state(open.Get("request"), open.Get("call")))
}

func refuse(w http.ResponseWriter, status int, problem string) {
	answer(w, status, map[string]string{"error": problem})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the browser may be gone
}
