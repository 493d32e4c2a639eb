package setup_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/cookiejar"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

func TestOptionsAreRefused(t *testing.T) {
	t.Parallel()
	type option = voiceagent.ClientOption
	header := func(key, value string) option { return voiceagent.WithHeader(key, value) }
	for name, c := range map[string]struct {
		option option
		want   []string // parts of the error
	}{
		"nil option":          {nil, []string{"option 1 is nil"}},
		"nil client":          {voiceagent.WithHTTPClient(nil), []string{"WithHTTPClient"}},
		"nil logger":          {voiceagent.WithLogger(nil), []string{"WithLogger"}},
		"nil limiter":         {voiceagent.WithLimiter(nil), []string{"WithLimiter"}},
		"nil policy":          {voiceagent.WithRetryPolicy(nil), []string{"WithRetryPolicy"}},
		"nil middleware":      {voiceagent.WithMiddleware(nil), []string{"WithMiddleware"}},
		"no plan":             {voiceagent.WithPlan(voiceagent.Plan{}), []string{"WithPlan"}},
		"empty plan":          {voiceagent.WithPlan(voiceagent.EnterprisePlan(0)), []string{"WithPlan"}},
		"empty key":           {voiceagent.WithAPIKey(""), []string{"WithAPIKey", "empty"}},
		"blank key":           {voiceagent.WithAPIKey(" \t"), []string{"WithAPIKey", "empty"}},
		"key with space":      {voiceagent.WithAPIKey("lev_hunter2 x"), []string{"WithAPIKey"}},
		"key with newline":    {voiceagent.WithAPIKey("lev_hunter2\n"), []string{"WithAPIKey"}},
		"key with control":    {voiceagent.WithAPIKey("lev_hunter2\x7f"), []string{"WithAPIKey"}},
		"key with letters":    {voiceagent.WithAPIKey("lev_hunter2ü"), []string{"WithAPIKey"}},
		"key with its scheme": {voiceagent.WithAPIKey("bearer lev_hunter2"), []string{"WithAPIKey", "Bearer"}},
		"no URL":              {voiceagent.WithBaseURL(""), []string{"WithBaseURL", "scheme"}},
		"URL: no scheme":      {voiceagent.WithBaseURL("api.levrage.ai/v1"), []string{"WithBaseURL", "scheme"}},
		"URL: ftp":            {voiceagent.WithBaseURL("ftp://api.levrage.ai"), []string{"WithBaseURL", `"ftp"`}},
		"URL: no host":        {voiceagent.WithBaseURL("https:///v1"), []string{"WithBaseURL", "host"}},
		"URL: port alone":     {voiceagent.WithBaseURL("https://:443/v1"), []string{"WithBaseURL", "host"}},
		"URL: password":       {voiceagent.WithBaseURL("https://someone:hunter2@api.levrage.ai/v1"), []string{"WithBaseURL", "password"}},
		"URL: user":           {voiceagent.WithBaseURL("https://hunter2@api.levrage.ai/v1"), []string{"WithBaseURL", "password"}},
		"URL: unreadable":     {voiceagent.WithBaseURL("https://someone:hunter2@api.levrage.ai:port/v1"), []string{"WithBaseURL", "no URL"}},
		"URL: control":        {voiceagent.WithBaseURL("https://api.levrage.ai/hunter2\n"), []string{"WithBaseURL", "no URL"}},
		"URL: query":          {voiceagent.WithBaseURL("https://api.levrage.ai/v1?key=hunter2"), []string{"WithBaseURL", "query"}},
		"URL: empty query":    {voiceagent.WithBaseURL("https://api.levrage.ai/v1?"), []string{"WithBaseURL", "query"}},
		"URL: fragment":       {voiceagent.WithBaseURL("https://api.levrage.ai/v1#hunter2"), []string{"WithBaseURL", "fragment"}},
		"URL: plain http":     {voiceagent.WithBaseURL("http://api.levrage.ai/v1"), []string{"WithBaseURL", "WithInsecureHTTP"}},
		"URL: like loopback":  {voiceagent.WithBaseURL("http://127.0.0.1.example.com"), []string{"WithBaseURL", "WithInsecureHTTP"}},
		"URL: like localhost": {voiceagent.WithBaseURL("http://localhost.example.com"), []string{"WithBaseURL", "WithInsecureHTTP"}},
		"URL: any address":    {voiceagent.WithBaseURL("http://0.0.0.0:80"), []string{"WithBaseURL", "WithInsecureHTTP"}},
		"retries":             {voiceagent.WithMaxRetries(-1), []string{"WithMaxRetries", "-1"}},
		"attempt timeout":     {voiceagent.WithAttemptTimeout(-time.Second), []string{"WithAttemptTimeout", "-1s"}},
		"max elapsed":         {voiceagent.WithMaxElapsed(-1), []string{"WithMaxElapsed"}},
		"settle time":         {voiceagent.WithSettleTime(-1), []string{"WithSettleTime"}},
		"no bytes":            {voiceagent.WithMaxResponseBytes(0), []string{"WithMaxResponseBytes"}},
		"unknown outcome":     {voiceagent.WithUnknownOutcome(17), []string{"WithUnknownOutcome", "17"}},
		"negative outcome":    {voiceagent.WithUnknownOutcome(-1), []string{"WithUnknownOutcome"}},
		"name with space":     {voiceagent.WithApplication("my app", "1"), []string{"WithApplication", "my app"}},
		"version with break":  {voiceagent.WithApplication("app", "1\r\nX: y"), []string{"WithApplication"}},
		"no name":             {voiceagent.WithApplication("", "1"), []string{"WithApplication"}},
		"authorization":       {header("authorization", "Bearer hunter2"), []string{"WithHeader: Authorization", "WithAPIKey"}},
		"idempotency key":     {header("IDEMPOTENCY-KEY", "x"), []string{"WithHeader: Idempotency-Key", "WithIdempotencyKey"}},
		"host":                {header("host", "x"), []string{"WithHeader: Host", "WithBaseURL"}},
		"length":              {header("Content-length", "1"), []string{"WithHeader: Content-Length"}},
		"coding":              {header("Transfer-Encoding", "x"), []string{"WithHeader: Transfer-Encoding"}},
		"content type":        {header("content-type", "x"), []string{"WithHeader: Content-Type"}},
		"accept":              {header("accept", "x"), []string{"WithHeader: Accept"}},
		"packing":             {header("accept-encoding", "gzip"), []string{"WithHeader: Accept-Encoding"}},
		"user agent":          {header("user-agent", "x"), []string{"WithHeader: User-Agent", "WithApplication"}},
		"connection":          {header("connection", "close"), []string{"WithHeader: Connection"}},
		"header: no name":     {header("", "x"), []string{"WithHeader"}},
		"header: space":       {header("Authorization ", "hunter2"), []string{"WithHeader"}},
		"header: colon":       {header("X:Y", "x"), []string{"WithHeader"}},
		"header: break":       {header("X-Team", "hunter2\r\nY: z"), []string{"WithHeader", "X-Team"}},
	} {
		client, err := voiceagent.NewClient(c.option)
		assert.Nil(t, client, name)
		if !assert.Error(t, err, name) {
			continue
		}
		for _, part := range c.want {
			assert.Contains(t, err.Error(), part, name)
		}
		assert.NotContains(t, err.Error(), "hunter2", name)
		assert.NotContains(t, err.Error(), "\n", name)
	}
	for _, good := range []string{
		"https://api.levrage.ai", "http://localhost:8080/v1/", "http://LOCALHOST", "http://127.0.0.1", "http://127.255.0.9:1", "http://[::1]:80",
	} {
		_, err := voiceagent.NewClient(voiceagent.WithBaseURL(good))
		assert.NoError(t, err, good)
	}
	for _, opts := range [][]option{ // in either order
		{voiceagent.WithInsecureHTTP(), voiceagent.WithBaseURL("http://api.example.test")},
		{voiceagent.WithBaseURL("http://api.example.test"), voiceagent.WithInsecureHTTP()},
	} {
		_, err := voiceagent.NewClient(opts...)
		assert.NoError(t, err)
	}
}

func TestRequestOptionsAreRefused(t *testing.T) {
	t.Parallel()
	client := testkit.NewUnsendable(t)
	for want, option := range map[string]voiceagent.RequestOption{
		"an option is nil": nil, "WithResponse": voiceagent.WithResponse(nil), "WithMaxRetries": voiceagent.WithMaxRetries(-1),
		"WithIdempotencyKey: \"\"": voiceagent.WithIdempotencyKey(""), "WithIdempotencyKey: \"a": voiceagent.WithIdempotencyKey("a\nb"),
		"WithIdempotencyKey: \"x": voiceagent.WithIdempotencyKey(strings.Repeat("x", 256)), "WithHeader": voiceagent.WithHeader("Authorization", "x"),
	} {
		for _, m := range testkit.Methods {
			err := m.Call(t.Context(), client, option)
			refused, ok := errors.AsType[*voiceagent.ValidationError](err)
			require.True(t, ok, "%s: %v", m.Name, err)
			assert.Equal(t, "option", refused.Fields[0].Field, m.Name)
			assert.Contains(t, err.Error(), want, m.Name)
		}
	}
}

func TestEnvironment(t *testing.T) { // not parallel: it sets the environment
	t.Setenv("VOICEAGENT_API_KEY", " "+testkit.Key+"\n")
	t.Setenv("VOICEAGENT_BASE_URL", " https://env.example.test/v1 ")
	describe := func(opts ...voiceagent.ClientOption) (key, base voiceagent.Setting) {
		client, err := voiceagent.NewClient(opts...)
		require.NoError(t, err)
		return client.Describe()[0], client.Describe()[1]
	}
	key, base := describe()
	assert.Equal(t, voiceagent.Setting{Name: "API key", Value: testkit.RedactedKey, Source: "VOICEAGENT_API_KEY"}, key)
	assert.Equal(t, voiceagent.Setting{Name: "base URL", Value: "https://env.example.test/v1", Source: "VOICEAGENT_BASE_URL"}, base)
	var sent string
	client, err := voiceagent.NewClient(voiceagent.WithHTTPClient(&http.Client{Transport: testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
		sent = req.Header.Get("Authorization")
		return testkit.Answer(200, testkit.OKCall)(req)
	})}))
	require.NoError(t, err)
	_, err = client.Calls.Get(t.Context(), "call_1")
	require.NoError(t, err)
	assert.Equal(t, "Bearer "+testkit.Key, sent)

	key, base = describe(voiceagent.WithAPIKey("lev_other"), voiceagent.WithBaseURL("https://option.example.test"))
	assert.Equal(t, "WithAPIKey", key.Source)
	assert.Equal(t, voiceagent.Setting{Name: "base URL", Value: "https://option.example.test", Source: "WithBaseURL"}, base)

	t.Setenv("VOICEAGENT_API_KEY", "lev hunter2")
	_, err = voiceagent.NewClient()
	require.ErrorContains(t, err, "VOICEAGENT_API_KEY")
	assert.NotContains(t, err.Error(), "hunter2")
	_, err = voiceagent.NewClient(voiceagent.WithAPIKey("lev_other"))
	require.NoError(t, err, "an option takes the place of a broken variable")
	t.Setenv("VOICEAGENT_API_KEY", "")
	t.Setenv("VOICEAGENT_BASE_URL", "http://someone:hunter2@example.com")
	_, err = voiceagent.NewClient()
	require.ErrorContains(t, err, "VOICEAGENT_BASE_URL")
	assert.NotContains(t, err.Error(), "hunter2")
	require.NoError(t, os.Unsetenv("VOICEAGENT_BASE_URL"))
	key, base = describe()
	assert.Equal(t, voiceagent.Setting{Name: "API key", Value: "none", Source: "none"}, key)
	assert.Equal(t, voiceagent.Setting{Name: "base URL", Value: "https://api.levrage.ai/v1", Source: "default"}, base)
}

func TestWithoutKey(t *testing.T) { // not parallel: it sets the environment
	t.Setenv("VOICEAGENT_API_KEY", "")
	var authorized, sent int
	client, err := voiceagent.NewClient(voiceagent.WithHTTPClient(&http.Client{Transport: testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
		sent++
		authorized += len(req.Header["Authorization"])
		return testkit.Answer(200, `{"data":[]}`)(req)
	})}))
	require.NoError(t, err)
	for _, m := range testkit.Methods {
		sent = 0
		err := m.Call(t.Context(), client)
		if m.Public {
			assert.NotErrorIs(t, err, voiceagent.ErrNoAPIKey, m.Name)
			assert.Equal(t, 1, sent, m.Name)
			continue
		}
		require.ErrorIs(t, err, voiceagent.ErrNoAPIKey, m.Name)
		assert.Contains(t, err.Error(), m.Method+" "+m.Route, m.Name)
		assert.Zero(t, sent, m.Name)
	}
	assert.Zero(t, authorized)
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	client := testkit.NewClient(t, nil, voiceagent.WithMaxRetries(0), voiceagent.WithAttemptTimeout(3*time.Second), voiceagent.WithMaxElapsed(0),
		voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail), voiceagent.WithRetryPolicy(testkit.Quickly{}), voiceagent.WithHeader("x-team", "hunter2"),
		voiceagent.WithLimiter(&testkit.CountingLimiter{}), voiceagent.WithApplication("dialer", ""), voiceagent.WithMaxResponseBytes(17),
		voiceagent.WithMiddleware(func(next http.RoundTripper) http.RoundTripper { return next }))
	for name, want := range map[string][2]string{
		"max retries": {"0", "WithMaxRetries"}, "attempt timeout": {"3s", "WithAttemptTimeout"}, "max elapsed": {"0s", "WithMaxElapsed"},
		"unknown outcome": {"fail", "WithUnknownOutcome"}, "retry policy": {"testkit.Quickly", "WithRetryPolicy"},
		"headers": {"X-Team", "WithHeader"}, "limiter": {"*testkit.CountingLimiter", "WithLimiter"}, "middleware": {"1", "WithMiddleware"},
		"HTTP client": {"a copy of the caller's", "WithHTTPClient"}, "max response bytes": {"17", "WithMaxResponseBytes"},
		"base URL": {testkit.Base, "WithBaseURL"}, "logger": {"none", "default"},
	} {
		settings := client.Describe()
		assert.Contains(t, settings, voiceagent.Setting{Name: name, Value: want[0], Source: want[1]})
		assert.Equal(t, want[0], settings.Get(name))
	}
	assert.NotContains(t, client.Describe().String(), "hunter2", "the value of a header may be a secret")
	client.Describe()[0].Value = "changed"
	assert.Equal(t, testkit.RedactedKey, client.Describe()[0].Value, "each caller gets a copy")
	defaults, err := voiceagent.NewClient(voiceagent.WithAPIKey(testkit.Key), voiceagent.WithBaseURL(testkit.Base))
	require.NoError(t, err)
	for _, setting := range defaults.Describe()[2:] {
		assert.Equal(t, "default", setting.Source, setting.Name)
	}
	assert.Equal(t, []string{"3", "30s", "5m0s", "reconcile"}, []string{defaults.Describe().Get("max retries"),
		defaults.Describe().Get("attempt timeout"), defaults.Describe().Get("max elapsed"), defaults.Describe().Get("unknown outcome")})
}

func TestCallersHTTPClientIsCopied(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cookies := 0
		jar, err := cookiejar.New(nil)
		require.NoError(t, err)
		transport := testkit.InTurn(func(req *http.Request) (*http.Response, error) {
			if _, err := req.Cookie("session"); err == nil {
				cookies++
			}
			if req.URL.Path == "/v1/calls/slow" {
				return testkit.Hang(req)
			}
			return testkit.Answer(http.StatusOK, testkit.OKCall, "Set-Cookie", "session=1; Path=/")(req)
		})
		own := &http.Client{Transport: transport, Jar: jar, Timeout: 50 * time.Millisecond}
		client := testkit.NewClient(t, nil, voiceagent.WithHTTPClient(own), voiceagent.WithRetryPolicy(testkit.Quickly{}))
		for range 2 {
			_, err = client.Calls.Get(t.Context(), "call_1", voiceagent.WithMaxRetries(0))
			require.NoError(t, err)
		}
		assert.Equal(t, 1, cookies, "the jar is used")
		_, err = client.Calls.Get(t.Context(), "slow", voiceagent.WithMaxRetries(2))
		lost, ok := errors.AsType[*voiceagent.ConnectionError](err)
		require.True(t, ok, "%v", err)
		assert.Len(t, lost.Attempts, 3, "the timeout is for each attempt")
		assert.Same(t, transport, own.Transport)
		assert.Same(t, jar, own.Jar)
		assert.Nil(t, own.CheckRedirect)
		assert.Equal(t, 50*time.Millisecond, own.Timeout)
		bare := &http.Client{}
		testkit.NewClient(t, nil, voiceagent.WithHTTPClient(bare))
		assert.Nil(t, bare.Transport)
	})
}

func TestMiddlewareOrder(t *testing.T) {
	t.Parallel()
	var seen []string
	mark := func(name string) func(http.RoundTripper) http.RoundTripper {
		return func(next http.RoundTripper) http.RoundTripper {
			return testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
				seen = append(seen, name)
				req.Header.Add("X-Seen", name)
				return next.RoundTrip(req)
			})
		}
	}
	client := testkit.NewClient(t, testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
		assert.Equal(t, []string{"outer", "middle", "inner"}, req.Header["X-Seen"], "what an attempt adds stays in it")
		return testkit.Answer(500, "")(req)
	}), voiceagent.WithMiddleware(mark("outer"), mark("middle")), voiceagent.WithMiddleware(mark("inner")), voiceagent.WithRetryPolicy(testkit.Quickly{}))
	_, err := client.Calls.Get(t.Context(), "call_1", voiceagent.WithMaxRetries(1))
	require.Error(t, err)
	assert.Equal(t, []string{"outer", "middle", "inner", "outer", "middle", "inner"}, seen, "once for each attempt")
}

func TestRequestOptionIsForOneCall(t *testing.T) {
	t.Parallel()
	var teams []string
	client := testkit.NewClient(t, testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
		teams = append(teams, strings.Join(req.Header["X-Team"], "+"))
		return testkit.Answer(500, "")(req)
	}), voiceagent.WithMaxRetries(1), voiceagent.WithRetryPolicy(testkit.Quickly{}), voiceagent.WithHeader("X-Team", "a"))
	for _, c := range []struct {
		opts []voiceagent.RequestOption
		want []string
	}{
		{nil, []string{"a", "a"}},
		{[]voiceagent.RequestOption{voiceagent.WithMaxRetries(0), voiceagent.WithHeader("X-Team", "b")}, []string{"a+b"}},
		{[]voiceagent.RequestOption{voiceagent.WithMaxRetries(5), voiceagent.WithMaxRetries(2)}, []string{"a", "a", "a"}},
		{nil, []string{"a", "a"}},
	} {
		teams = nil
		require.Error(t, testkit.Second(client.Calls.Get(t.Context(), "call_1", c.opts...)))
		assert.Equal(t, c.want, teams)
	}
	assert.Equal(t, "1", client.Describe().Get("max retries"))
}

// A cookie of the user's and one that the server has set go together, and on every attempt.
func TestCookiesOfTheJarComeAfterTheUsers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		jar, err := cookiejar.New(nil)
		require.NoError(t, err)
		var sent []string
		transport := testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
			sent = append(sent, strings.Join(req.Header["Cookie"], "|"))
			status := []int{http.StatusOK, http.StatusInternalServerError, http.StatusOK}[len(sent)-1]
			return testkit.Answer(status, `{"data":{"id":"call_1"}}`, "Set-Cookie", "theirs=1")(req)
		})
		client := testkit.NewClient(t, nil, voiceagent.WithHTTPClient(&http.Client{Transport: transport, Jar: jar}), voiceagent.WithHeader("Cookie", "ours=1"))
		for range 2 {
			_, err := client.Calls.Get(t.Context(), "call_1")
			require.NoError(t, err)
		}
		assert.Equal(t, []string{"ours=1", "ours=1; theirs=1", "ours=1; theirs=1"}, sent)
	})
}

// A middleware or a transport that changes a request, which it shouldn't, changes one attempt only.
func TestChangesOfARequestStayInTheirAttempt(t *testing.T) {
	t.Parallel()
	reroute := func(next http.RoundTripper) http.RoundTripper {
		return testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
			moved := *req.URL
			moved.Path = "/proxy" + moved.Path
			req.URL, req.Method = &moved, http.MethodHead
			return next.RoundTrip(req)
		})
	}
	forget := func(next http.RoundTripper) http.RoundTripper {
		return testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
			*req = *req.WithContext(context.Background())
			return next.RoundTrip(req)
		})
	}
	for name, test := range map[string]struct {
		want string
		opts func(base http.RoundTripper) []voiceagent.ClientOption
	}{
		"middleware": {"HEAD /proxy/v1/calls/call_1", func(base http.RoundTripper) []voiceagent.ClientOption {
			return []voiceagent.ClientOption{voiceagent.WithHTTPClient(&http.Client{Transport: base}), voiceagent.WithMiddleware(reroute)}
		}},
		"middleware, the context": {"GET /v1/calls/call_1", func(base http.RoundTripper) []voiceagent.ClientOption {
			return []voiceagent.ClientOption{voiceagent.WithHTTPClient(&http.Client{Transport: base}), voiceagent.WithMiddleware(forget)}
		}},
		"transport": {"HEAD /proxy/v1/calls/call_1", func(base http.RoundTripper) []voiceagent.ClientOption {
			return []voiceagent.ClientOption{voiceagent.WithHTTPClient(&http.Client{Transport: reroute(base)})}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var sent []string
				base := testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
					sent = append(sent, req.Method+" "+req.URL.Path)
					status := []int{http.StatusBadGateway, http.StatusOK}[len(sent)-1]
					return testkit.Answer(status, `{"data":{"id":"call_1"}}`)(req)
				})
				_, err := testkit.NewClient(t, nil, test.opts(base)...).Calls.Get(t.Context(), "call_1")
				require.NoError(t, err)
				assert.Equal(t, []string{test.want, test.want}, sent)
			})
		})
	}
}
