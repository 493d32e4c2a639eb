package voiceagenttest

import (
	"net/http"
	"strings"
)

// The catalog is made up, save for the values that the documentation uses as
// examples.

type voice struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Gender   string `json:"gender"`
	Language string `json:"language"`
}

var voices = []voice{
	{"female", "Default female", "female", "English"},
	{"male", "Default male", "male", "English"},
	{"asha", "Asha", "female", "Hindi"},
	{"arjun", "Arjun", "male", "Hindi"},
}

type language struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

var languages = []language{
	{"en", "English"}, {"hi", "Hindi"}, {"ta", "Tamil"}, {"te", "Telugu"}, {"mr", "Marathi"},
}

// industries in order, with the roles that their agent types have.
var industries = []struct {
	slug  string
	roles []string
}{
	{"finance", []string{"lead_qualifier", "account_opening", "collection"}},
	{"real_estate", []string{"lead_qualifier", "site_visit_booking"}},
	{"healthcare", []string{"appointment_scheduler", "follow_up"}},
	{"ecommerce", []string{"cart_recovery", "order_status"}},
	{"insurance", []string{"claim_intake", "renewal"}},
}

// entry is an element of a list that has an id and a name only.
type entry struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func title(slug string) string {
	words := strings.Split(slug, "_")
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, " ")
}

func (s *Server) health(x *exchange) reply {
	data := map[string]string{"status": "healthy", "version": "1.0.0"}
	if s.cfg.dialect.BareHealth {
		return x.bare(http.StatusOK, data)
	}
	return x.ok(http.StatusOK, data)
}

func (s *Server) listVoices(x *exchange) reply {
	return discover(x, voices, func(v voice) string { return v.ID })
}

func (s *Server) listLanguages(x *exchange) reply {
	return discover(x, languages, func(l language) string { return l.Name })
}

func (s *Server) listIndustries(x *exchange) reply {
	var list []entry
	for _, i := range industries {
		list = append(list, entry{i.slug, title(i.slug)})
	}
	return discover(x, list, func(e entry) string { return e.ID })
}

func (s *Server) listAgentTypes(x *exchange) reply {
	for _, i := range industries {
		if i.slug != x.arg {
			continue
		}
		var list []entry
		for _, role := range i.roles {
			list = append(list, entry{i.slug + "_" + role, title(role)})
		}
		return discover(x, list, func(e entry) string { return e.ID })
	}
	return x.fail(http.StatusNotFound, codeNotFound, "Industry not found")
}

// discover answers a list of the catalog, as objects or as their names. Such
// lists aren't paged.
func discover[T any](x *exchange, list []T, name func(T) string) reply {
	if !x.srv.cfg.dialect.DiscoveryStrings {
		return x.ok(http.StatusOK, list)
	}
	names := make([]string, len(list))
	for i, v := range list {
		names[i] = name(v)
	}
	return x.ok(http.StatusOK, names)
}
