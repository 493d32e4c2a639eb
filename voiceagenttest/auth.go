package voiceagenttest

import (
	"net/http"
	"slices"
	"strings"
)

const keyPrefix = "lev_"

// accepts reports whether a key belongs to an account.
func (s *Server) accepts(key string) bool {
	if strings.HasPrefix(key, KeyForbidden) || strings.HasPrefix(key, KeyNoCredits) {
		return true
	}
	if len(s.cfg.keys) > 0 {
		return slices.Contains(s.cfg.keys, key)
	}
	return strings.HasPrefix(key, keyPrefix) && len(key) > len(keyPrefix)
}

// authorize refuses a request whose key isn't valid or may not do this.
func (x *exchange) authorize() (reply, bool) {
	const message = "Invalid or expired API key"
	switch {
	case !x.srv.accepts(x.key) && x.srv.cfg.dialect.EnvelopeUnauthorized:
		return x.fail(http.StatusUnauthorized, codeAuthentication, message), true
	case !x.srv.accepts(x.key):
		return x.bare(http.StatusUnauthorized, map[string]string{"detail": message}), true
	case strings.HasPrefix(x.key, KeyForbidden):
		return x.fail(http.StatusForbidden, codePermission, "API key lacks permission for this resource"), true
	}
	return reply{}, false
}

// charge refuses what costs credits to an account that has none.
func (x *exchange) charge() (reply, bool) {
	if !strings.HasPrefix(x.key, KeyNoCredits) {
		return reply{}, false
	}
	return x.fail(x.srv.cfg.dialect.QuotaStatus, codeQuota, "Insufficient credits"), true
}
