package voiceagenttest

import (
	"net/http"
	"net/url"
	"strings"
)

// basePath is where the API begins.
const basePath = "/v1"

// route is one endpoint.
type route struct {
	method   string
	template string
	public   bool
	lists    bool // the records of an account
	serve    func(*Server, *exchange) reply
	parts    []string
	hidden   string // the template without the names in its braces
}

var routes = func() []*route {
	const public, private = true, false
	table := []*route{
		{method: http.MethodGet, template: "/health", public: public, serve: (*Server).health},
		{method: http.MethodGet, template: "/industries", public: public, serve: (*Server).listIndustries},
		{method: http.MethodGet, template: "/industries/{industry}/agent-types", public: public, serve: (*Server).listAgentTypes},
		{method: http.MethodGet, template: "/voices", public: public, serve: (*Server).listVoices},
		{method: http.MethodGet, template: "/voices/languages", public: public, serve: (*Server).listLanguages},

		{method: http.MethodPost, template: "/agents", public: private, serve: (*Server).createAgent},
		{method: http.MethodGet, template: "/agents", public: private, lists: true, serve: (*Server).listAgents},
		{method: http.MethodGet, template: "/agents/{agent_id}", public: private, serve: (*Server).getAgent},
		{method: http.MethodPatch, template: "/agents/{agent_id}", public: private, serve: (*Server).updateAgent},
		{method: http.MethodDelete, template: "/agents/{agent_id}", public: private, serve: (*Server).deleteAgent},

		{method: http.MethodPost, template: "/call", public: private, serve: (*Server).createCall},
		{method: http.MethodGet, template: "/calls", public: private, lists: true, serve: (*Server).listCalls},
		{method: http.MethodGet, template: "/calls/{call_id}", public: private, serve: (*Server).getCall},

		{method: http.MethodPost, template: "/campaigns", public: private, serve: (*Server).createCampaign},
		{method: http.MethodGet, template: "/campaigns", public: private, lists: true, serve: (*Server).listCampaigns},
		{method: http.MethodGet, template: "/campaigns/{campaign_id}", public: private, serve: (*Server).getCampaign},
		{method: http.MethodPost, template: "/campaigns/{campaign_id}/pause", public: private, serve: campaignAction("pause")},
		{method: http.MethodPost, template: "/campaigns/{campaign_id}/resume", public: private, serve: campaignAction("resume")},
		{method: http.MethodPost, template: "/campaigns/{campaign_id}/stop", public: private, serve: campaignAction("stop")},
		{method: http.MethodPost, template: "/campaigns/{campaign_id}/cancel", public: private, serve: campaignAction("cancel")},
	}
	for _, r := range table {
		r.parts = strings.Split(r.template[1:], "/")
		r.hidden = anonymous(r.template)
	}
	return table
}()

// match finds the endpoint of a request and the element of its path that
// stands for the braces. known tells a path that exists under another method
// from one that doesn't exist.
func match(method string, u *url.URL) (r *route, arg string, known bool) {
	path, ok := strings.CutPrefix(u.EscapedPath(), basePath+"/")
	if !ok {
		return nil, "", false
	}
	parts := strings.Split(path, "/")
	for _, r := range routes {
		arg, ok := r.fits(parts)
		switch {
		case ok && r.method == method:
			return r, arg, true
		case ok:
			known = true
		}
	}
	return nil, "", known
}

// fits compares the escaped elements of a path with the route's.
func (r *route) fits(parts []string) (arg string, ok bool) {
	if len(parts) != len(r.parts) {
		return "", false
	}
	for i, want := range r.parts {
		if !strings.HasPrefix(want, "{") {
			if parts[i] != want {
				return "", false
			}
			continue
		}
		value, err := url.PathUnescape(parts[i])
		if err != nil || value == "" {
			return "", false
		}
		arg = value
	}
	return arg, true
}
