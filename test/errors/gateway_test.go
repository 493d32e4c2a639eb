package errors_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// What gateways, firewalls, balancers and other servers answer in the API's place.
var others = map[string]struct {
	status  int
	header  []string
	body    string
	message string
	gateway string
	hint    string
}{
	"Cloudflare firewall": {403, []string{"Content-Type", "text/html; charset=UTF-8", "Server", "cloudflare", "CF-Ray", "8a1b2c3d4e5f6789-BOM"},
		"<!DOCTYPE html>\n<!--[if lt IE 7]> <html class=\"no-js ie6\"> <![endif]-->\n<head>\n<title>Attention Required! | Cloudflare</title><script>var a = '<title>b</title>'</script>",
		`a page that isn't the API's: "Attention Required! | Cloudflare"`, "cloudflare, cf-ray 8a1b2c3d4e5f6789-BOM", "firewall"},
	"Cloudflare challenge": {403, []string{"Content-Type", "text/html", "Server", "cloudflare", "CF-Ray", "8a1b-BOM", "Cf-Mitigated", "challenge"},
		`<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title><meta charset="utf-8"></head><body><noscript>Enable JavaScript</noscript></body></html>`,
		`a page that isn't the API's: "Just a moment..."`, "cloudflare, cf-ray 8a1b-BOM", "firewall"},
	"Cloudflare text": {403, []string{"Content-Type", "text/plain; charset=UTF-8", "CF-Ray", "8a1b-BOM"}, "error code: 1010",
		`an answer that isn't the API's: "error code: 1010"`, "cf-ray 8a1b-BOM", "firewall"},
	"Cloudflare JSON": {403, []string{"Content-Type", "application/problem+json", "Server", "cloudflare", "CF-Ray", "8a1b-BOM"},
		`{"type":"https://developers.cloudflare.com/","title":"Error 1020: Access denied","status":403,"detail":"The owner has blocked you.","cloudflare_error":true}`,
		`an answer that isn't the API's: "The owner has blocked you."`, "cloudflare, cf-ray 8a1b-BOM", "firewall"},
	"Cloudflare 1015": {429, []string{"Content-Type", "text/html", "CF-Ray", "8a1b", "Retry-After", "10"}, "<html><title>Access denied | Error 1015 You are being rate limited</title></html>",
		`a page that isn't the API's: "Access denied | Error 1015 You are being rate limited"`, "cf-ray 8a1b", "limits this machine's address"},
	"Cloudflare 522": {522, []string{"Content-Type", "text/plain", "Server", "cloudflare", "CF-Ray", "8a1b"}, "error code: 522",
		`an answer that isn't the API's: "error code: 522"`, "cloudflare, cf-ray 8a1b", "got no answer from the service"},
	"nginx 404": {404, []string{"Content-Type", "text/html", "Server", "nginx/1.25.3"},
		"<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n<hr><center>nginx/1.25.3</center>\r\n</body>\r\n</html>\r\n",
		`a page that isn't the API's: "404 Not Found"`, "nginx/1.25.3", "base URL"},
	"nginx 413": {413, []string{"Content-Type", "text/html"}, "<html><head><title>413 Request Entity Too Large</title></head></html>",
		`a page that isn't the API's: "413 Request Entity Too Large"`, "unnamed", "send less"},
	"Apache 403": {403, []string{"Content-Type", "text/html; charset=iso-8859-1", "Server", "Apache"},
		`<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN"><html><head><title>403 Forbidden</title></head><body><h1>Forbidden</h1><p>You don't have permission.</p></body></html>`,
		`a page that isn't the API's: "403 Forbidden"`, "Apache", "firewall"},
	"IIS 404": {404, []string{"Content-Type", "text/html", "Server", "Microsoft-IIS/10.0"},
		"<html xmlns=\"http://www.w3.org/1999/xhtml\">\r\n<head>\r\n<title>404 - File or directory not found.</title>\r\n<style type=\"text/css\">\r\n<!-- body{margin:0} --></style>",
		`a page that isn't the API's: "404 - File or directory not found."`, "Microsoft-IIS/10.0", "base URL"},
	"CloudFront": {403, []string{"Content-Type", "text/html", "Server", "CloudFront", "X-Amz-Cf-Id", "abcDEF_-9=="},
		`<HTML><HEAD><META HTTP-EQUIV="Content-Type"><TITLE>ERROR: The request could not be satisfied</TITLE></HEAD><BODY><H1>403 ERROR</H1>`,
		`a page that isn't the API's: "ERROR: The request could not be satisfied"`, "CloudFront, x-amz-cf-id abcDEF_-9==", "firewall"},
	"Akamai": {403, []string{"Content-Type", "text/html", "Server", "AkamaiGHost"},
		"<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>\n<H1>Access Denied</H1>\nReference&#32;&#35;18&#46;5f3c",
		`a page that isn't the API's: "Access Denied"`, "AkamaiGHost", "firewall"},
	"AWS load balancer": {503, []string{"Content-Type", "text/html", "Server", "awselb/2.0"},
		"<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>", `a page that isn't the API's: "503 Service Temporarily Unavailable"`, "awselb/2.0", "got no answer from the service"},
	"AWS API Gateway": {403, []string{"X-Amzn-RequestId", "abc-123", "X-Amzn-ErrorType", "ForbiddenException"}, `{"message":"Forbidden"}`,
		`an answer that isn't the API's: "Forbidden"`, "x-amzn-requestid abc-123", "firewall"},
	"AWS API Gateway, a policy": {403, []string{"X-Amzn-RequestId", "abc-123"}, `{"Message":"User is not authorized"}`,
		`an answer that isn't the API's: "{\"Message\":\"User is not authorized\"}"`, "x-amzn-requestid abc-123", "firewall"},
	"AWS HTTP API": {404, []string{"Apigw-RequestId", "abc="}, `{"message":"Not Found"}`, `an answer that isn't the API's: "Not Found"`, "apigw-requestid abc=", "base URL"},
	"S3": {404, []string{"Content-Type", "application/xml", "X-Amz-Request-Id", "4442587FB7D0A2F9"},
		`<?xml version="1.0" encoding="UTF-8"?>` + "\n<Error><Code>NoSuchBucket</Code><Message>No</Message></Error>",
		`a page that isn't the API's: "NoSuchBucket No"`, "x-amz-request-id 4442587FB7D0A2F9", "base URL"},
	"Kong": {404, []string{"Server", "kong/3.4.2", "X-Kong-Request-Id", "a1b2c3"}, `{"message":"no Route matched with those values","request_id":"a1b2c3"}`,
		`an answer that isn't the API's: "no Route matched with those values"`, "kong/3.4.2, x-kong-request-id a1b2c3", "base URL"},
	"Azure Front Door": {403, []string{"Content-Type", "text/html", "X-Azure-Ref", "0abcZZ=="}, "<html><h1>The request is blocked.</h1></html>",
		`a page that isn't the API's: "The request is blocked."`, "x-azure-ref 0abcZZ==", "firewall"},
	"Google": {404, []string{"Content-Type", "text/html; charset=UTF-8", "Server", "ghs"},
		"<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n  <title>Error 404 (Not Found)!!1</title>\n  <style>* {margin:0}</style>",
		`a page that isn't the API's: "Error 404 (Not Found)!!1"`, "ghs", "base URL"},
	"HAProxy": {503, []string{"Content-Type", "text/html"}, "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n",
		`a page that isn't the API's: "503 Service Unavailable No server is available to handle this request."`, "unnamed", "got no answer from the service"},
	"Envoy": {503, []string{"Content-Type", "text/plain", "Server", "envoy"}, "upstream connect error or disconnect/reset before headers. reset reason: connection failure",
		`an answer that isn't the API's: "upstream connect error or disconnect/reset before headers. reset reason: connection failure"`, "envoy", "got no answer from the service"},
	"Envoy 403": {403, []string{"Content-Type", "text/plain", "Server", "envoy"}, "RBAC: access denied", `an answer that isn't the API's: "RBAC: access denied"`, "envoy", "firewall"},
	"Squid": {403, []string{"Content-Type", "text/html", "Server", "squid/5.7", "X-Squid-Error", "ERR_ACCESS_DENIED 0"}, "<html><head>\n<title>ERROR: The requested URL could not be retrieved</title>",
		`a page that isn't the API's: "ERROR: The requested URL could not be retrieved"`, "squid/5.7, x-squid-error ERR_ACCESS_DENIED 0", "firewall"},
	"Zscaler": {403, []string{"Content-Type", "text/html", "Server", "Zscaler/6.2"}, "<html><head><script>if (1 < 2) document.write('<p>')</script></head><body><b>Sorry</b>, you don't have permission<br>to visit this site</body></html>",
		`a page that isn't the API's: "Sorry , you don't have permission to visit this site"`, "Zscaler/6.2", "firewall"},
	"proxy that wants a sign-in": {401, []string{"Content-Type", "text/html", "WWW-Authenticate", "Negotiate"}, "<html>Sign in with SSO</html>",
		`a page that isn't the API's: "Sign in with SSO"`, "unnamed", "sign-in of its own"},
	"proxy for http": {407, []string{"Content-Type", "text/html", "Proxy-Authenticate", `Basic realm="corp"`}, "<html><title>Proxy Authentication Required</title></html>",
		`a page that isn't the API's: "Proxy Authentication Required"`, "unnamed", "HTTPS_PROXY=http://user:password@host:port"},
	"captive portal": {511, []string{"Content-Type", "text/html"}, "<html>Network Authentication Required</html>", `a page that isn't the API's: "Network Authentication Required"`, "unnamed", "sign-in"},
	"page without a text": {403, []string{"Content-Type", "text/html"}, `<html><head><meta http-equiv="refresh" content="0;url=https://portal.example/login"></head></html>`,
		"a page that isn't the API's", "unnamed", "firewall"},
	"text of a router": {404, []string{"Content-Type", "text/plain; charset=utf-8"}, "404 page not found\n", `an answer that isn't the API's: "404 page not found"`, "unnamed", "base URL"},
	"no content type":  {405, []string{"Content-Type", ""}, "<html>405 Not Allowed</html>", `a page that isn't the API's: "405 Not Allowed"`, "unnamed", "base URL"},
}

func TestAnAnswerThatIsNotTheAPIs(t *testing.T) {
	t.Parallel()
	for name, c := range others {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := testkit.NewAnswering(t, c.status, c.body, c.header...).Calls.Get(t.Context(), "call_1")
			api, ok := errors.AsType[*voiceagent.APIError](err)
			require.True(t, ok, "%T", err)
			assert.Equal(t, c.message, api.Message)
			assert.Equal(t, c.gateway, api.Gateway)
			assert.Empty(t, api.Code, "the code is the API's word")
			assert.Empty(t, api.RequestID)
			assert.Equal(t, c.body, string(api.Body))
			assert.Contains(t, api.Hint(), c.hint)
			assert.NotContains(t, api.Hint(), "API_KEY")
			assert.NotContains(t, api.Hint(), "isn't allowed to do that")
			assert.NotRegexp(t, `\.$|\n`, api.Hint())
			text := c.message
			if c.gateway != "unnamed" {
				text += " (" + c.gateway + ")"
			}
			assert.Contains(t, err.Error(), text+"; "+api.Hint())

			var log bytes.Buffer
			slog.New(slog.NewTextHandler(&log, nil)).Error("failed", "error", err)
			assert.Contains(t, log.String(), c.gateway)
		})
	}
}

// What the API says stays the API's, whatever it passes through.
func TestTheAPIBehindAGateway(t *testing.T) {
	t.Parallel()
	for body, message := range map[string]string{
		`{"success":false,"error":{"code":"odd","message":"No."},"request_id":"req_1"}`: "No.",
		`{"detail":"No.","request_id":"req_1"}`:                                         "No.",
		`{"success":false,"message":"No.","request_id":"req_1"}`:                        "No.",
		`{"detail":[{"loc":["body","name"],"msg":"No."}],"request_id":"req_1"}`:         "name: No.",
	} {
		for _, media := range []string{"application/json", "text/html"} {
			_, err := testkit.NewAnswering(t, 403, body, "Content-Type", media, "Server", "cloudflare", "CF-Ray", "8a1b", "X-Amzn-RequestId", "abc").Agents.Get(t.Context(), "ag_1")
			api, ok := errors.AsType[*voiceagent.APIError](err)
			require.True(t, ok)
			assert.Equal(t, message, api.Message)
			assert.Empty(t, api.Gateway)
			assert.Equal(t, "req_1", api.RequestID)
			assert.Contains(t, api.Hint(), "this key isn't allowed")
			assert.NotContains(t, err.Error(), "8a1b")
		}
	}
	for name, answer := range map[string][]string{
		"a message alone, without a gateway that answers so":   {`{"message":"No."}`, "CF-Ray", "8a1b", "Server", "cloudflare"},
		"a message that Kong passes on":                        {`{"message":"No."}`, "X-Kong-Upstream-Latency", "3", "X-Kong-Response-Latency", "4"},
		"what FastAPI says when the code behind it has failed": {"Internal Server Error", "Content-Type", "text/plain; charset=utf-8"},
	} {
		_, err := testkit.NewAnswering(t, 500, answer[0], answer[1:]...).Agents.Get(t.Context(), "ag_1")
		api, ok := errors.AsType[*voiceagent.APIError](err)
		require.True(t, ok)
		assert.Empty(t, api.Gateway, name)
	}
}

// An answer without a body has the gateway's id all the same.
func TestAnEmptyAnswerShowsTheID(t *testing.T) {
	t.Parallel()
	_, err := testkit.NewAnswering(t, 502, "", "X-Azure-Ref", "0abcZZ==").Agents.Get(t.Context(), "ag_1")
	require.ErrorContains(t, err, "502 Bad Gateway: the answer has no message that can be read (x-azure-ref 0abcZZ==); ")
}

// What is shown of a page is one line of plain text, without numbers and the key.
func TestAPageIsShownAsPlainText(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("too long ", 100)
	for page, want := range map[string]string{
		"<title>\n A &amp; B&nbsp;&lt;b&gt; &#39;&#x41;&#8203;&#27;[31m&bogus; &#xD800; </title>": "A & B <b> 'A [31m&bogus; \ufffd",
		"<title> </title><h1>Call <b>+91 98765</b>&nbsp;&#52;3210 later</h1>":                     "Call ***3210 later",
		"<p>+1 555 010 1234 or " + testkit.Key + "</p>":                                           "1234 or " + testkit.RedactedKey,
		"<p>a<!-- <b> --><i>b</i></p>":                                                            "a b\"",
		"<p>two\nlines\tand   more</p>":                                                           "two lines and more",
		"<p>a < b & c &#; &#x; &#1114112;</p>":                                                    "a < b & c &#; &#x; \ufffd",
		"<p>\u202eevil\x00\x1b[0m\u2028\xff</p>":                                                  "evil [0m \ufffd",
		"<svg><title>logo</title></svg><STYLE>p{}</STYLE ><p>shown</p>":                           "shown",
		"<title>" + long + "</title>":                                                             long[:120] + "...",
		"<title>" + strings.Repeat("a", 110) + " +919876543210</title>":                           strings.Repeat("a", 110) + " ***3210",
		"<title>" + strings.Repeat("\u0915", 60) + "</title>":                                     strings.Repeat("\u0915", 40) + "...",
		"<title>never closed":                                                                     "never closed",
		"<p never closed":                                                                         "",
		strings.Repeat("<b>", 1<<18) + "far":                                                      "",
	} {
		_, err := testkit.NewAnswering(t, 502, page, "Content-Type", "text/html", "Server", "proxy of +919876543210\u0085\u2028"+long).Calls.Create(t.Context(), testkit.ValidCall())
		api, ok := errors.AsType[*voiceagent.APIError](err)
		require.True(t, ok)
		message := "a page that isn't the API's"
		if want != "" {
			assert.Contains(t, api.Message, want, "%.200q", page)
			message += ": "
		}
		assert.True(t, strings.HasPrefix(api.Message, message), "%q", api.Message)
		assert.LessOrEqual(t, len(api.Message), 200)
		assert.LessOrEqual(t, len(api.Gateway), 100)
		for _, text := range []string{err.Error(), api.Gateway, api.Message} {
			assert.NotContains(t, text, "98765")
			assert.NotContains(t, text, testkit.Key)
			assert.False(t, strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u202e' }), "%q", text)
		}
	}
}

// A network that asks for a sign-in answers everything with 200 and a page.
func TestAPageInPlaceOfAResult(t *testing.T) {
	t.Parallel()
	const page = "<!DOCTYPE html><html><head><title>Welcome to Hotel&nbsp;WiFi</title></head><body>Sign in</body></html>"
	for _, m := range testkit.Methods {
		synctest.Test(t, func(t *testing.T) {
			client := testkit.NewClient(t, testkit.RoundTrip(testkit.Answer(200, page, "Content-Type", "text/html", "Server", "portal", "CF-Ray", "8a1b")), voiceagent.WithMaxRetries(0))
			err := m.Call(t.Context(), client)
			decode, ok := errors.AsType[*voiceagent.DecodeError](err)
			require.True(t, ok, "%s: %T %v", m.Name, err, err)
			assert.Equal(t, page, string(decode.Body))
			for _, want := range []string{`the answer (200) can't be read: it is a page that isn't the API's: "Welcome to Hotel WiFi" (portal, cf-ray 8a1b)`, "want a sign-in"} {
				assert.Contains(t, err.Error(), want, m.Name)
			}
			var log bytes.Buffer
			slog.New(slog.NewTextHandler(&log, nil)).Error("failed", "error", err)
			assert.Contains(t, log.String(), "8a1b")
		})
	}
}

// A page doesn't say that an agent is gone, or that a call isn't there yet.
func TestAPageProvesNothing(t *testing.T) {
	t.Parallel()
	page := testkit.Answer(404, "<html><title>404 Not Found</title></html>", "Content-Type", "text/html")
	synctest.Test(t, func(t *testing.T) {
		client := testkit.NewClient(t, testkit.InTurn(testkit.Reset, page))
		require.ErrorContains(t, client.Agents.Delete(t.Context(), "ag_1"), "404 Not Found: a page that isn't the API's")
		client = testkit.NewClient(t, testkit.InTurn(testkit.Reset, testkit.Answer(404, `{"detail":"Agent not found"}`)))
		require.NoError(t, client.Agents.Delete(t.Context(), "ag_1"), "the first one was done")

		mock := testkit.InTurn(page)
		for _, err := range testkit.NewClient(t, mock).Calls.Watch(t.Context(), "call_1", voiceagent.WatchParams{}) {
			require.ErrorContains(t, err, "a page that isn't the API's")
		}
		assert.Len(t, mock.Sent, 1, "it isn't waited for")
	})
}

// A route that is always there and is not found is below another address.
func TestTheBaseURLIsNamed(t *testing.T) {
	t.Parallel()
	const route, record = `{"detail":"Not Found"}`, `{"detail":"Agent not found"}`
	list := func(c *voiceagent.Client) error {
		return testkit.Second(c.Calls.List(t.Context(), voiceagent.CallListParams{}))
	}
	voices := func(c *voiceagent.Client) error { return testkit.Second(c.Catalog.Voices(t.Context())) }
	get := func(c *voiceagent.Client) error { return testkit.Second(c.Agents.Get(t.Context(), "ag_1")) }
	create := func(c *voiceagent.Client) error {
		return testkit.Second(c.Calls.Create(t.Context(), testkit.ValidCall()))
	}
	const slash = " and should probably end in /v1, as https://api.levrage.ai/v1 does"
	for _, c := range []struct {
		base, body string
		call       func(*voiceagent.Client) error
		want       string // of the hint
	}{
		{"https://api.example.test", route, list, "which is api.example.test" + slash},
		{"https://api.example.test/", record, voices, "which is api.example.test" + slash},
		{"https://gw.example.test:8443/levrage", route, get, "which is gw.example.test:8443/levrage" + slash},
		{"https://gw.example.test/v2", route, create, "which is gw.example.test/v2" + slash},
		{"https://gw.example.test/v1", route, list, "which is gw.example.test/v1"},
		{"https://gw.example.test/a%2Fb/v1/", route, list, "which is gw.example.test/a%2Fb/v1"},
		{"https://gw.example.test/v1", route, get, "check the id"},
		{"https://gw.example.test", record, get, "check the id"},
		{"https://gw.example.test", record, create, "check the id"},
		{"https://gw.example.test/" + testkit.Key, route, list, "which is gw.example.test/" + testkit.RedactedKey + slash},
	} {
		client := testkit.NewClient(t, testkit.RoundTrip(testkit.Answer(404, c.body)), voiceagent.WithBaseURL(c.base))
		err := c.call(client)
		api, ok := errors.AsType[*voiceagent.APIError](err)
		require.True(t, ok, c.base)
		assert.Equal(t, voiceagent.CodeNotFound, api.Code)
		if strings.HasPrefix(c.want, "which") {
			c.want = "check the base URL (VOICEAGENT_BASE_URL or WithBaseURL), " + c.want
			assert.Equal(t, c.want, api.Hint(), c.base)
		}
		assert.Contains(t, err.Error(), c.want, c.base)
	}
}

// An action has no body that could be wrong, and no name that could be taken.
func TestHintForACampaignInAnotherState(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity} {
		campaigns := testkit.NewAnswering(t, status, `{"detail":"Campaign is completed"}`).Campaigns
		for want, err := range map[string]error{
			"pause fits one that is pending or in_progress; cancel calls off one that is scheduled": testkit.Second(campaigns.Pause(t.Context(), "c_1")),
			"resume fits one that is paused": testkit.Second(campaigns.Resume(t.Context(), "c_1")),
			"stop fits one that is pending, in_progress or paused; cancel calls off one that is scheduled": testkit.Second(campaigns.Stop(t.Context(), "c_1")),
			"cancel fits one that is scheduled and has not begun":                                          testkit.Second(campaigns.Cancel(t.Context(), "c_1")),
		} {
			require.ErrorContains(t, err, "Campaign is completed; get the campaign to see its status: as far as is known, "+want)
		}
		err := testkit.Second(campaigns.Create(t.Context(), testkit.ValidCampaign()))
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "fits one")
	}
	_, err := testkit.NewAnswering(t, 404, `{"detail":"Campaign not found"}`).Campaigns.Pause(t.Context(), "c_1")
	require.ErrorContains(t, err, "check the id")
}
