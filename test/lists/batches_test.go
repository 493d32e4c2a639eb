package lists_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// campaignServer takes campaigns and notes them.
type campaignServer struct {
	names  []string
	sizes  []int
	first  []string
	keys   []string
	failAt int // the campaign that is refused, from 1
}

func (s *campaignServer) RoundTrip(req *http.Request) (*http.Response, error) {
	var sent struct {
		Name     string              `json:"name"`
		Contacts []map[string]string `json:"contacts"`
	}
	if err := json.NewDecoder(req.Body).Decode(&sent); err != nil {
		return nil, err
	}
	s.names, s.sizes = append(s.names, sent.Name), append(s.sizes, len(sent.Contacts))
	s.first = append(s.first, sent.Contacts[0]["phone"])
	s.keys = append(s.keys, req.Header.Get("Idempotency-Key"))
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Request: req}
	resp.Body = testkit.Body(fmt.Sprintf(`{"data":{"id":"campaign_%d"}}`, len(s.names)))
	if len(s.names) == s.failAt {
		resp.StatusCode = http.StatusUnprocessableEntity
	}
	return resp, nil
}

func someContacts(n int, bad ...int) iter.Seq2[voiceagent.Contact, error] {
	return func(yield func(voiceagent.Contact, error) bool) {
		for i := range n {
			contact, err := voiceagent.Contact{"phone": fmt.Sprintf("+9198765%05d", i)}, error(nil)
			for _, b := range bad {
				if b == i {
					contact, err = nil, fmt.Errorf("row %d is bad", i)
				}
			}
			if !yield(contact, err) {
				return
			}
		}
	}
}

var someCampaign = voiceagent.CampaignCreateParams{Name: "January", AgentID: "agent_1", From: "+15550100000"}

func TestCreateBatches(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		contacts int
		bad      []int
		failAt   int
		names    []string
		sizes    []int
		first    []string
		firsts   []int
		errs     int
	}{
		"none": {contacts: 0},
		"one, which keeps its name": {contacts: 2000, names: []string{"January"}, sizes: []int{2000},
			first: []string{"+919876500000"}, firsts: []int{0}},
		"three": {contacts: 5000, names: []string{"January (part 1)", "January (part 2)", "January (part 3)"}, sizes: []int{2000, 2000, 1000},
			first: []string{"+919876500000", "+919876502000", "+919876504000"}, firsts: []int{0, 2000, 4000}},
		"bad rows are left out": {contacts: 2003, bad: []int{0, 7, 2001}, names: []string{"January"}, sizes: []int{2000},
			first: []string{"+919876500001"}, firsts: []int{0}, errs: 3},
		"a refused batch doesn't stop the next": {contacts: 4001, failAt: 2, names: []string{"January (part 1)", "January (part 2)", "January (part 3)"},
			sizes: []int{2000, 2000, 1}, first: []string{"+919876500000", "+919876502000", "+919876504000"}, firsts: []int{0, 2000, 4000}, errs: 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &campaignServer{failAt: test.failAt}
			var firsts []int
			var names, keys []string
			var errs int
			for batch, err := range testkit.NewPatient(t, server).Campaigns.CreateBatches(t.Context(), someCampaign, someContacts(test.contacts, test.bad...),
				voiceagent.WithIdempotencyKey("job-7")) {
				if err != nil {
					errs++
				} else {
					require.NotNil(t, batch.Campaign)
				}
				if batch != nil {
					firsts = append(firsts, batch.First)
					names, keys = append(names, batch.Name), append(keys, batch.Key)
					assert.Equal(t, test.sizes[len(firsts)-1], batch.Count)
				}
			}
			assert.Equal(t, test.names, server.names)
			assert.Equal(t, server.names, names)
			assert.Equal(t, server.keys, keys)
			assert.Equal(t, test.sizes, server.sizes)
			assert.Equal(t, test.first, server.first)
			assert.Equal(t, test.firsts, firsts)
			assert.Equal(t, test.errs, errs)
			seen := make(map[string]bool)
			for _, key := range server.keys {
				assert.False(t, seen[key], "the key %s was sent for two campaigns", key)
				seen[key] = true
				assert.True(t, strings.HasPrefix(key, "job-7"))
			}
		})
	}
}

// A person is called once, whatever the sequence is, and whichever way the number is written.
func TestCreateBatchesCallsNobodyTwice(t *testing.T) {
	t.Parallel()
	numbers := []any{"+919876543210", "00919876543210", "+91 98765-43211", 919876543210.0, "919876543211", "+919876543212", "9876543212"}
	sequence := func(yield func(voiceagent.Contact, error) bool) {
		for _, number := range numbers {
			if !yield(voiceagent.Contact{"phone": number}, nil) {
				return
			}
		}
	}
	server := &campaignServer{}
	client := testkit.NewPatient(t, server)
	var repeated []voiceagent.RepeatedContactError
	for _, err := range client.Campaigns.CreateBatches(t.Context(), someCampaign, sequence) {
		if err != nil {
			again, ok := errors.AsType[*voiceagent.RepeatedContactError](err)
			require.True(t, ok, "%v", err)
			assert.NotRegexp(t, `\d{5}`, err.Error())
			repeated = append(repeated, *again)
		}
	}
	assert.Equal(t, []voiceagent.RepeatedContactError{
		{Index: 1, FirstIndex: 0, Number: "***3210"}, {Index: 3, FirstIndex: 0, Number: "***3210"}, {Index: 4, FirstIndex: 2, Number: "***3211"},
	}, repeated)
	assert.Equal(t, []int{4}, server.sizes)

	numbers = numbers[:3]
	wanted := someCampaign
	wanted.Repeated = true
	for _, err := range client.Campaigns.CreateBatches(t.Context(), wanted, sequence) {
		require.NoError(t, err)
	}
	assert.Equal(t, []int{4, 3}, server.sizes)
}

// What is compared is what is sent, of whichever type it is. Nothing else is a number.
func TestCreateBatchesComparesWhatIsSent(t *testing.T) {
	t.Parallel()
	const number = "+919876543210"
	text := number
	type named string
	for name, again := range map[string]any{
		"a trunk prefix": "+91 (0) 9876543210", "slashes": "+91/98765/43210", "underscores": "+91_98765_43210", "a formula": `="+919876543210"`,
		"a pointer": &text, "JSON": json.RawMessage(`"+919876543210"`), "a number of JSON": json.Number("919876543210"), "an integer": int64(919876543210),
		"a type of its own": named(number), "a Stringer that is a text": stringerText(number), "written by its method": netip.MustParseAddr("91.98.76.54"),
	} {
		first := any(number)
		if addr, ok := again.(netip.Addr); ok {
			first = addr.String()
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			errs, sent := batchesOf(t, first, again)
			require.Len(t, errs, 1)
			require.ErrorAs(t, errs[0], new(*voiceagent.RepeatedContactError))
			assert.Equal(t, []any{first}, sent)
		})
	}
	var none *string
	for name, bad := range map[string]any{
		"bytes": []byte(number), "a list": []string{number}, "a Stringer that is no text": stringerStruct{number}, "a bool": true, "an object": map[string]any{"n": number},
		"a function": func() {}, "broken JSON": json.RawMessage(`"+9198765`), "no pointer": none,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			errs, sent := batchesOf(t, number, bad)
			require.Len(t, errs, 1)
			invalid, ok := errors.AsType[*voiceagent.ValidationError](errs[0])
			require.True(t, ok, "%v", errs[0])
			assert.Equal(t, "contacts[1].phone", invalid.Fields[0].Field)
			assert.Regexp(t, "is no number|is missing", errs[0].Error())
			assert.NotRegexp(t, `\d{5}`, errs[0].Error())
			assert.Equal(t, []any{number}, sent)
		})
	}
}

type stringerText string

func (stringerText) String() string { return "a person" }

type stringerStruct struct{ number string }

func (s stringerStruct) String() string { return s.number }

// batchesOf returns the errors, and the numbers that were sent.
func batchesOf(t *testing.T, numbers ...any) (errs []error, sent []any) {
	t.Helper()
	client := testkit.NewClient(t, testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
		var body struct{ Contacts []map[string]any }
		if err := json.NewDecoder(req.Body).Decode(&body); err != nil {
			return nil, err
		}
		for _, contact := range body.Contacts {
			sent = append(sent, contact["phone"])
		}
		return testkit.Answer(http.StatusOK, `{"data":{"id":"cmp_1"}}`)(req)
	}))
	one := voiceagent.Contact{} // a sequence may fill the same map again
	for _, err := range client.Campaigns.CreateBatches(t.Context(), someCampaign, func(yield func(voiceagent.Contact, error) bool) {
		for _, number := range numbers {
			one["phone"] = number
			if !yield(one, nil) {
				return
			}
		}
	}) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs, sent
}

// A sequence may fill the same map again and again.
func TestCreateBatchesOfOneMap(t *testing.T) {
	t.Parallel()
	errs, sent := batchesOf(t, "+919876543210", 919876543211, "+919876543212")
	assert.Empty(t, errs)
	assert.Equal(t, []any{"+919876543210", 919876543211.0, "+919876543212"}, sent)
}

// PhoneColumn may be the name that the file has.
func TestCreateBatchesTakesTheNameOfTheFile(t *testing.T) {
	t.Parallel()
	for name, column := range map[string]string{"Mobile No.": "Mobile_No_", "मोबाइल": "phone", "mobile": "mobile"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent struct {
				PhoneColumn string `json:"phone_column"`
				Contacts    []map[string]string
			}
			client := testkit.NewClient(t, testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
				if err := json.NewDecoder(req.Body).Decode(&sent); err != nil {
					return nil, err
				}
				return testkit.Answer(http.StatusOK, `{"data":{"id":"cmp_1"}}`)(req)
			}))
			params := someCampaign
			params.PhoneColumn = name
			file := strings.NewReader(name + ",name\n12,Nobody\n+919876543210,Asha\n+919876543211,Rahul\n")
			errs := 0
			for _, err := range client.Campaigns.CreateBatches(t.Context(), params, voiceagent.ContactsFromCSV(file, voiceagent.CSVParams{PhoneColumn: name})) {
				if err != nil {
					errs++
				}
			}
			assert.Equal(t, 1, errs)
			assert.Equal(t, column, sent.PhoneColumn)
			require.Len(t, sent.Contacts, 2)
			assert.Equal(t, "+919876543210", sent.Contacts[0][column])
			assert.Equal(t, "+919876543211", sent.Contacts[1][column])
		})
	}
	mixed := testkit.ValidCampaign()
	mixed.PhoneColumn = "Mobile No."
	mixed.Contacts = []voiceagent.Contact{{"Mobile_No_": "+919876543210"}, {"Mobile No.": "+919876543211"}}
	_, err := testkit.NewUnsendable(t).Campaigns.Create(t.Context(), mixed)
	require.ErrorContains(t, err, "contacts[1].Mobile_No_", "one column is sent for all")
}

// The reader's word on repetitions counts for the campaigns, but not for those of two files.
func TestCreateBatchesOfAFileWithRepetitions(t *testing.T) {
	t.Parallel()
	const file = "phone\n+919876543210\n+919876543211\n+919876543210\n"
	read := func(repeated bool) iter.Seq2[voiceagent.Contact, error] {
		return voiceagent.ContactsFromCSV(strings.NewReader(file), voiceagent.CSVParams{Repeated: repeated})
	}
	both := func(yield func(voiceagent.Contact, error) bool) {
		for range 2 {
			for contact, err := range read(false) {
				if !yield(contact, err) {
					return
				}
			}
		}
	}
	var kept []voiceagent.Contact
	for contact, err := range read(true) {
		require.NoError(t, err)
		kept = append(kept, contact)
	}
	later := func(yield func(voiceagent.Contact, error) bool) {
		for _, contact := range kept {
			if !yield(contact, nil) {
				return
			}
		}
	}
	for name, test := range map[string]struct {
		contacts   iter.Seq2[voiceagent.Contact, error]
		sent, errs int
	}{
		"left out":  {read(false), 2, 1},
		"wanted":    {read(true), 3, 0},
		"two files": {both, 2, 4},
		"kept":      {later, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &campaignServer{}
			errs := 0
			for _, err := range testkit.NewPatient(t, server).Campaigns.CreateBatches(t.Context(), someCampaign, test.contacts) {
				if err != nil {
					require.ErrorAs(t, err, new(*voiceagent.RepeatedContactError))
					errs++
				}
			}
			assert.Equal(t, []int{test.sent}, server.sizes)
			assert.Equal(t, test.errs, errs)
		})
	}
}

// A key of the library's own is known, too.
func TestCreateBatchesShowsARandomKey(t *testing.T) {
	t.Parallel()
	server := &campaignServer{}
	var keys []string
	for batch, err := range testkit.NewPatient(t, server).Campaigns.CreateBatches(t.Context(), someCampaign, someContacts(2001)) {
		require.NoError(t, err)
		keys = append(keys, batch.Key)
	}
	require.Len(t, keys, 2)
	assert.Equal(t, server.keys, keys)
	assert.NotEqual(t, keys[0], keys[1])
}

// What isn't sent has the name and the key that it would have had.
func TestCreateBatchesNamesWhatIsNotSent(t *testing.T) {
	t.Parallel()
	server := &campaignServer{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var got []voiceagent.CampaignBatch
	for batch, err := range testkit.NewPatient(t, server).Campaigns.CreateBatches(ctx, someCampaign, someContacts(2001), voiceagent.WithIdempotencyKey("job-7")) {
		require.ErrorIs(t, err, context.Canceled)
		got = append(got, *batch)
	}
	assert.Equal(t, []voiceagent.CampaignBatch{
		{First: 0, Count: 2000, Name: "January (part 1)", Key: "job-7-1"},
		{First: 2000, Count: 1, Name: "January (part 2)", Key: "job-7-2"},
	}, got)
	assert.Empty(t, server.names)
}

func TestCreateBatchesRefusesBadInput(t *testing.T) {
	t.Parallel()
	server := &campaignServer{}
	client := testkit.NewPatient(t, server)
	var errs []error
	with := someCampaign
	with.Contacts = []voiceagent.Contact{{"phone": "+919876543210"}}
	with.Name = ""
	for _, err := range client.Campaigns.CreateBatches(t.Context(), with, someContacts(3)) {
		errs = append(errs, err)
	}
	require.Len(t, errs, 1)
	invalid := new(voiceagent.ValidationError)
	require.ErrorAs(t, errs[0], &invalid)
	assert.Equal(t, "name", invalid.Fields[0].Field)
	assert.Equal(t, "contacts", invalid.Fields[1].Field)

	errs = nil
	noPhone := func(yield func(voiceagent.Contact, error) bool) { yield(voiceagent.Contact{"name": "Asha"}, nil) }
	for _, err := range client.Campaigns.CreateBatches(t.Context(), someCampaign, noPhone) {
		errs = append(errs, err)
	}
	require.Len(t, errs, 1)
	require.ErrorAs(t, errs[0], &invalid)
	assert.Equal(t, "contacts[0].phone", invalid.Fields[0].Field)
	assert.Empty(t, server.names)
}

func TestCreateBatchesCanBeBrokenOff(t *testing.T) {
	t.Parallel()
	server := &campaignServer{}
	for _, err := range testkit.NewPatient(t, server).Campaigns.CreateBatches(t.Context(), someCampaign, someContacts(9000)) {
		require.NoError(t, err)
		break
	}
	assert.Len(t, server.names, 1)
}

func TestCreateBatchesCutsALongName(t *testing.T) {
	t.Parallel()
	server := &campaignServer{}
	params := someCampaign
	params.Name = strings.Repeat("ä", 100)
	for _, err := range testkit.NewPatient(t, server).Campaigns.CreateBatches(t.Context(), params, someContacts(2001)) {
		require.NoError(t, err)
	}
	assert.Equal(t, []string{strings.Repeat("ä", 91) + " (part 1)", strings.Repeat("ä", 91) + " (part 2)"}, server.names)
}
