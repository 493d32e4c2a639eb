package dial_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/dial"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// listing changes the calls of each list that the server answers with.
func (d *desk) listing(change func(call map[string]any)) func(*dial.Options) {
	return func(o *dial.Options) {
		o.Client = func(opts ...voiceagent.ClientOption) (*voiceagent.Client, error) {
			return d.srv.Client(append(opts, voiceagent.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
				return roundTripper(func(request *http.Request) (*http.Response, error) {
					response, err := next.RoundTrip(request)
					if err == nil && strings.HasSuffix(request.URL.Path, "/calls") {
						response.Body = changed(d.t, response.Body, change)
						response.ContentLength = -1
						response.Header.Del("Content-Length")
					}
					return response, err
				})
			}))...), nil
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

func changed(t *testing.T, body io.ReadCloser, change func(map[string]any)) io.ReadCloser {
	return rewritten(t, body, func(data any) {
		for _, call := range data.([]any) {
			change(call.(map[string]any))
		}
	})
}

func changedOne(t *testing.T, body io.ReadCloser, change func(map[string]any)) io.ReadCloser {
	return rewritten(t, body, func(data any) { change(data.(map[string]any)) })
}

// rewritten is an answer whose data was changed.
func rewritten(t *testing.T, body io.ReadCloser, change func(data any)) io.ReadCloser {
	defer body.Close()
	var answer map[string]any
	if !assert.NoError(t, json.NewDecoder(body).Decode(&answer)) {
		return body
	}
	change(answer["data"])
	text, err := json.Marshal(answer)
	assert.NoError(t, err)
	return io.NopCloser(bytes.NewReader(text))
}

func TestResultsHoldWhatWasCollected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, answering)
		d.write("contacts.csv", "Mobile,Budget,status,note\n+919876543210,9,mine,\n+919876543211,8,,\n+919876543212,7,,\n+919876543213,6,,\n")
		_, err := d.run(t.Context(), d.listing(func(call map[string]any) {
			details := map[string]any{"score": 7.5, "collected_values": map[string]any{
				"budget": 50000, "attempts": "3 cars", "phone": "+91 98765 43299", "due date": "=1+1", "interested": true, "more": []any{"a", "<b>"}, "nothing": nil,
				"callback": "-5.5", "9876543210": "their number",
			}}
			switch call["phone_number"] {
			case "+919876543211":
				details = map[string]any{"score": nil, "collected_values": map[string]any{"due_date": "@SUM(1)", "\tspaced\n\x00name": "x\x00y"}}
			case "+919876543212":
				details = nil
			case "+919876543213":
				details = map[string]any{"score": 0}
			}
			call["details_collection"] = details
		}))
		require.NoError(t, err)
		rows := d.readCSV("contacts.results.csv")
		require.Len(t, rows, 4)
		for name, want := range map[string][4]string{
			"Budget":               {"9", "8", "7", "6"},
			"collected.budget":     {"50000", "", "", ""},
			"status":               {"mine", "", "", ""},
			"call_status":          {"completed", "completed", "completed", "completed"},
			"attempts":             {"1", "1", "1", "1"},
			"collected.attempts":   {"3 cars", "", "", ""},
			"collected.phone":      {"+91 98765 43299", "", "", ""},
			"due date":             {"'=1+1", "", "", ""},
			"collected.due_date":   {"", "'@SUM(1)", "", ""},
			"interested":           {"true", "", "", ""},
			"more":                 {`["a","<b>"]`, "", "", ""},
			"nothing":              {"", "", "", ""},
			"callback":             {"-5.5", "", "", ""},
			"***3210":              {"their number", "", "", ""},
			"spaced name":          {"", "xy", "", ""},
			"score":                {"7.5", "", "", "0"},
			"not_called_because":   {"", "", "", ""},
			"collected.not_called": {"", "", "", ""}, // there is no such column
		} {
			for i := range rows {
				assert.Equal(t, want[i], rows[i][name], "%s in row %d", name, i)
			}
		}
		assert.NotEmpty(t, rows[0]["summary"])
		assert.Len(t, rows[0], 4+16+11)

		// it is a list of contacts in its turn
		summary, err := d.run(t.Context(), func(o *dial.Options) { o.File, o.DryRun = d.path("contacts.results.csv"), true })
		require.NoError(t, err)
		assert.Equal(t, 4, summary.Contacts)
	})
}

// A call that reached nobody takes back nothing of what the one before collected.
func TestWhatWasCollectedIsOfTheLastCallThatDid(t *testing.T) {
	for name, order := range map[string][2]int{"the first call": {0, 1}, "the last call": {1, 0}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, voiceagenttest.WithOutcome(func(string, int) string { return voiceagenttest.Voicemail }))
				d.write("contacts.csv", contacts(1))
				n := 0
				_, err := d.run(t.Context(), d.listing(func(call map[string]any) {
					call["details_collection"] = map[string]any{"score": 0, "collected_values": map[string]any{}}
					if n%2 == order[0] {
						call["details_collection"] = map[string]any{"score": 0.5, "collected_values": map[string]any{"budget": n}}
					}
					n++
				}), func(o *dial.Options) {
					o.Campaign.Retry = &voiceagent.CampaignRetry{Enabled: true, OnStatuses: []voiceagent.CallStatus{"voicemail"},
						IntervalValue: 1, IntervalUnit: "minutes", MaxRetries: 1}
				})
				require.NoError(t, err)
				row := d.readCSV("contacts.results.csv")[0]
				require.Equal(t, "2", row["attempts"])
				assert.Equal(t, fmt.Sprint(order[0]), row["budget"])
				assert.Equal(t, "0.5", row["score"])
			})
		})
	}
}

// Keys that differ from call to call fill neither the memory nor the file.
func TestOddKeysShareAColumn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(300))
		_, err := d.run(t.Context(), d.listing(func(call map[string]any) {
			key := "k" + call["phone_number"].(string)[len("+15550"):]
			call["details_collection"] = map[string]any{"collected_values": map[string]any{key: "v"}}
		}))
		require.NoError(t, err)
		rows := d.readCSV("contacts.results.csv")
		require.Len(t, rows, 300)
		assert.Len(t, rows[0], 3+16+200+1)
		together := 0
		for i, row := range rows {
			key := fmt.Sprintf("k%06d", i)
			if value, ok := row[key]; ok {
				assert.Equal(t, "v", value)
				continue
			}
			assert.Equal(t, `{"`+key+`":"v"}`, row["collected.more"])
			together++
		}
		assert.Equal(t, 100, together)
	})
}

func TestRowsThatWereLeftOutAreInTheResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", mixed)
		_, err := d.run(t.Context(), func(o *dial.Options) { o.AnyRange, o.SkipBad = false, true })
		require.NoError(t, err)
		rows := d.readCSV("contacts.results.csv")
		require.Len(t, rows, 16)
		why := map[string]string{}
		for _, row := range rows {
			if status := row["status"]; status == "bad" || status == "repeated" {
				assert.Empty(t, row["called_number"]+row["attempts"]+row["campaign_id"], row["Name"])
				why[row["Name"]] = status + ": " + row["not_called_because"]
			} else {
				assert.Empty(t, row["not_called_because"], row["Name"])
				assert.Equal(t, "1", row["attempts"])
			}
		}
		assert.Len(t, why, 13)
		assert.Equal(t, "repeated: the number ***3210 is that of line 2 again", why["Asha again"])
		assert.Equal(t, "bad: the row has 2 fields, the header has 3", why["Ira"])
		assert.Equal(t, "Goa;East", rows[11]["City"], "the field that is too much, as it was written")
		text, err := os.ReadFile(d.path("contacts.results.csv"))
		require.NoError(t, err)
		assert.True(t, bytes.HasPrefix(text, []byte("\ufeffName;Mobile No.;City;called_number;status;")), "the mark and the separator of the file")

		summary, err := d.run(t.Context(), func(o *dial.Options) {
			o.File, o.DryRun, o.SkipBad, o.AnyRange = d.path("contacts.results.csv"), true, true, false
		})
		require.NoError(t, err)
		assert.Equal(t, 5, summary.Contacts, "a row that lacked a field, or had one too many, is one now")
		assert.Equal(t, 1, summary.Repeated)
	})
}

func TestResultsHaveTheFormOfTheFile(t *testing.T) {
	wide := func(order binary.AppendByteOrder, text string) string {
		var b []byte
		for _, unit := range utf16.Encode([]rune(text)) {
			b = order.AppendUint16(b, unit)
		}
		return string(b)
	}
	const semicolons = "name;phone\nJosé;+919876543210\nAgain;9876543210\n"
	for name, test := range map[string]struct{ file, begins, said string }{
		"plain":        {"name,phone\nJosé,+919876543210\nAgain,9876543210\n", "name,phone,called_number,", ""},
		"with a mark":  {"\ufeffname,phone\nJosé,+919876543210\nAgain,9876543210\n", "\ufeffname,phone,called_number,", ""},
		"tabs":         {"name\tphone\nJosé\t+919876543210\nAgain\t9876543210\n", "name\tphone\tcalled_number\t", ""},
		"sep":          {"sep=;\n" + semicolons, "name;phone;called_number;", ""},
		"UTF-16":       {wide(binary.LittleEndian, "\ufeff"+semicolons), "\ufeffname;phone;called_number;", " (UTF-8 with a byte order mark; contacts.csv is UTF-16LE)"},
		"UTF-16BE":     {wide(binary.BigEndian, semicolons), "\ufeffname;phone;called_number;", " (UTF-8 with a byte order mark; contacts.csv is UTF-16BE)"},
		"Windows-1252": {"name;phone\nJos\xe9;+919876543210\nAgain;9876543210\n", "\ufeffname;phone;called_number;", " (UTF-8 with a byte order mark; contacts.csv is WINDOWS-1252)"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t)
				d.write("contacts.csv", test.file)
				_, err := d.run(t.Context(), func(o *dial.Options) { o.AnyRange = false })
				require.NoError(t, err)
				text, err := os.ReadFile(d.path("contacts.results.csv"))
				require.NoError(t, err)
				assert.True(t, strings.HasPrefix(string(text), test.begins), "%q", text)
				assert.Contains(t, string(text), "José")
				assert.True(t, strings.HasSuffix(d.screen.String(), "contacts.results.csv"+test.said+"\n"), d.screen.String())

				rejects, err := os.ReadFile(d.path("contacts.rejects.csv"))
				require.NoError(t, err)
				head := strings.NewReplacer("name", "line", "phone", "column", "called_number", "column_name").Replace(test.begins)
				assert.True(t, strings.HasPrefix(string(rejects), head), "%q", rejects)
				_, err = d.run(t.Context(), func(o *dial.Options) { o.AnyRange = false })
				require.NoError(t, err, "it writes over its own list")
			})
		})
	}
}
