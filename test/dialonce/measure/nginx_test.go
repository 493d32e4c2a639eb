package measure_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"iter"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// nginxConf is the configuration: what comes before the events, the address to listen at, what
// the server has besides, and where the API is.
const nginxConf = `%s
daemon off;
pid nginx.pid;
error_log error.log;
events {}
http {
	access_log off;
	client_body_temp_path body;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
	keepalive_requests 50;
	server {
		listen %s;
		%s
		location / { proxy_pass %s; }
	}
}
`

// nginx is a real one, as a reverse proxy before an API.
type nginx struct {
	binary, dir string
	roots       *x509.CertPool // nil without TLS
	url         string
}

// startNginx starts an nginx on a free port, with HTTP/2 over TLS or with plain HTTP/1.1. It ends
// with the test.
func startNginx(t *testing.T, api string, h2 bool) *nginx {
	t.Helper()
	binary, err := exec.LookPath("nginx")
	if err != nil {
		binary, err = exec.LookPath("/usr/sbin/nginx")
	}
	const missing = "this test needs nginx (in Debian the package nginx-light)"
	if err != nil && os.Getenv("CI") == "" {
		t.Skip(missing)
	}
	require.NoError(t, err, missing)
	n := &nginx{binary: binary, dir: t.TempDir()}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := free.Addr().String()
	require.NoError(t, free.Close())
	listen, also := address, ""
	n.url = "http://" + address + "/v1"
	if h2 {
		listen, also = address+" ssl http2", "ssl_certificate cert.pem; ssl_certificate_key key.pem;"
		n.url = "https://" + address + "/v1"
		n.certify(t)
	}
	user := ""
	if os.Getuid() == 0 {
		user = "user root;" // the workers write below the test's own directory
	}
	n.write(t, "nginx.conf", fmt.Appendf(nil, nginxConf, user, listen, also, api))

	var said bytes.Buffer
	master := exec.Command(binary, n.args()...)
	master.Stdout, master.Stderr = &said, &said
	require.NoError(t, master.Start())
	t.Cleanup(func() {
		_ = master.Process.Signal(syscall.SIGTERM)
		_ = master.Wait()
	})
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return false
		}
		_ = conn.Close()
		return true
	}, 30*time.Second, 10*time.Millisecond, "nginx doesn't listen: %s", &said)
	return n
}

func (n *nginx) args(more ...string) []string {
	return append([]string{"-p", n.dir, "-c", "nginx.conf", "-e", "error.log"}, more...)
}

func (n *nginx) write(t *testing.T, name string, text []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(n.dir, name), text, 0o600))
}

// certify makes a certificate that signs itself, for loopback.
func (n *nginx) certify(t *testing.T) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "nginx"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	n.write(t, "cert.pem", certificate)
	n.write(t, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
	n.roots = x509.NewCertPool()
	require.True(t, n.roots.AppendCertsFromPEM(certificate))
}

// client is a client of the API behind the proxy.
func (n *nginx) client(t *testing.T, opts ...voiceagent.ClientOption) *voiceagent.Client {
	t.Helper()
	through := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: n.roots}, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 64}
	t.Cleanup(through.CloseIdleConnections)
	client, err := voiceagent.NewClient(append([]voiceagent.ClientOption{
		voiceagent.WithAPIKey(voiceagenttest.DefaultKey), voiceagent.WithBaseURL(n.url), voiceagent.WithHTTPClient(httpClient(through)),
	}, opts...)...)
	require.NoError(t, err)
	return client
}

// reload makes nginx begin again with new workers. The old ones end their connections.
func (n *nginx) reload() error {
	said, err := exec.Command(n.binary, n.args("-s", "reload")...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("nginx -s reload: %w: %s", err, said)
	}
	return nil
}

// behindNginx is a server over a socket, with an agent, and the proxy before it.
func behindNginx(t *testing.T, h2 bool) (*world, *nginx) {
	t.Helper()
	w := &world{seen: &arrivals{lost: map[string]bool{}}}
	w.Server = voiceagenttest.NewServer(voiceagenttest.WithKeptRequests(-1), voiceagenttest.WithOnRequest(w.seen.note))
	t.Cleanup(w.Close)
	w.agent = w.AddAgent(voiceagenttest.NewAgent{Name: "Asha"})
	return w, startNginx(t, strings.TrimSuffix(w.URL, "/v1"), h2)
}

// A worker that dies after the work makes nginx answer 502. Each phone rings once, and its caller
// gets the call.
func TestWorkersDieBehindNginx(t *testing.T) {
	const people = 90
	w, proxy := behindNginx(t, false)
	client := proxy.client(t)
	all := teller{}
	for i := range 5 {
		_, err := client.Calls.Create(t.Context(), w.callTo(9_000_000+i))
		require.NoError(t, err)
	}
	w.Fail(voiceagenttest.Fault{Method: http.MethodPost, Route: "/call", Kind: voiceagenttest.DropAfter, Times: -1})
	for _, result := range client.Calls.CreateEach(t.Context(), w.callsTo(people, 1), voiceagent.CreateEachParams{Concurrency: people}) {
		all.noteCall(result)
	}
	sum := all.count(w.Dials(), w.seen)
	t.Log(sum.row("worker dies behind nginx"))
	sum.isRight(t)
	assert.Equal(t, people, sum.rings)
	assert.Zero(t, sum.unknown)
}

// nginx ends its connections when it is reloaded, and each after 50 requests. No phone rings twice
// for it.
func TestNginxIsReloaded(t *testing.T) {
	const reloads = 10
	for name, h2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			w, proxy := behindNginx(t, h2)
			w.Fail(voiceagenttest.Fault{Kind: voiceagenttest.Slow, Delay: 20 * time.Millisecond, Every: 1})
			// What was lost and not made is looked for until the settle time is over, here in real time.
			client := proxy.client(t, voiceagent.WithSettleTime(3*time.Second))
			var done atomic.Int64
			go func() {
				for range reloads {
					time.Sleep(150 * time.Millisecond)
					assert.NoError(t, proxy.reload())
					done.Add(1)
				}
			}()
			var untilDone iter.Seq[voiceagent.CallCreateParams] = func(yield func(voiceagent.CallCreateParams) bool) {
				for call := range w.callsTo(1_000_000, 1) {
					if done.Load() == reloads || !yield(call) {
						return
					}
				}
			}
			all := teller{}
			for _, result := range client.Calls.CreateEach(t.Context(), untilDone, voiceagent.CreateEachParams{Concurrency: 32}) {
				all.noteCall(result)
			}
			sum := all.count(w.Dials(), w.seen)
			t.Log(sum.row(fmt.Sprintf("%d reloads under %s", reloads, name)))
			sum.isRight(t)
			assert.LessOrEqual(t, sum.rings, sum.wanted)
			assert.Greater(t, sum.wanted, 50, "not one connection was used up")
		})
	}
}
