package wire_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

func TestTimestampForms(t *testing.T) {
	t.Parallel()
	day := time.Date(2025, 1, 15, 0, 0, 0, 0, time.UTC)
	at := time.Date(2025, 1, 15, 10, 27, 5, 0, time.UTC)
	india := time.FixedZone("", 19800)
	clock := time.Date(0, 1, 1, 10, 27, 5, 0, time.UTC)
	for text, c := range map[string]struct {
		want   time.Time
		raw    string
		again  string // what it is written as
		asText string
	}{
		`"2025-01-15T10:27:05Z"`:           {want: at, again: `"2025-01-15T10:27:05Z"`, asText: "2025-01-15T10:27:05Z"},
		`"2025-01-15T10:27:05.123456Z"`:    {want: at.Add(123456 * time.Microsecond), again: `"2025-01-15T10:27:05.123456Z"`, asText: "2025-01-15T10:27:05Z"},
		`"2025-01-15T10:27:05.123456789Z"`: {want: at.Add(123456789), again: `"2025-01-15T10:27:05.123456789Z"`, asText: "2025-01-15T10:27:05Z"},
		`"2025-01-15T10:27:05+05:30"`:      {want: time.Date(2025, 1, 15, 10, 27, 5, 0, india), again: `"2025-01-15T10:27:05+05:30"`, asText: "2025-01-15T10:27:05+05:30"},
		`"2025-01-15T10:27:05+0530"`:       {want: time.Date(2025, 1, 15, 10, 27, 5, 0, india), again: `"2025-01-15T10:27:05+05:30"`, asText: "2025-01-15T10:27:05+05:30"},
		`"2025-01-15T10:27:05"`:            {want: at, again: `"2025-01-15T10:27:05Z"`, asText: "2025-01-15T10:27:05Z"},
		`"2025-01-15T10:27:05.5"`:          {want: at.Add(500 * time.Millisecond), again: `"2025-01-15T10:27:05.5Z"`, asText: "2025-01-15T10:27:05Z"},
		`"2025-01-15 10:27:05"`:            {want: at, again: `"2025-01-15T10:27:05Z"`, asText: "2025-01-15T10:27:05Z"},
		`"2025-01-15 10:27:05.5"`:          {want: at.Add(500 * time.Millisecond), again: `"2025-01-15T10:27:05.5Z"`, asText: "2025-01-15T10:27:05Z"},
		`"2025-01-15 10:27:05+00:00"`:      {want: at, again: `"2025-01-15T10:27:05Z"`, asText: "2025-01-15T10:27:05Z"},
		`" 2025-01-15T10:27:05 "`:          {want: at, again: `"2025-01-15T10:27:05Z"`, asText: "2025-01-15T10:27:05Z"},
		`"2025-01-15T10:27:05\u005a"`:      {want: at, again: `"2025-01-15T10:27:05Z"`, asText: "2025-01-15T10:27:05Z"},
		`"2025-01-15T10:27"`:               {want: at.Truncate(time.Minute), again: `"2025-01-15T10:27:00Z"`, asText: "2025-01-15T10:27:00Z"},
		`"2025-01-15T10:27Z"`:              {want: at.Truncate(time.Minute), again: `"2025-01-15T10:27:00Z"`, asText: "2025-01-15T10:27:00Z"},
		`"2025-01-15"`:                     {want: day, again: `"2025-01-15T00:00:00Z"`, asText: "2025-01-15T00:00:00Z"},
		`1736936825`:                       {want: at, again: `"2025-01-15T10:27:05Z"`, asText: "2025-01-15T10:27:05Z"},
		`1736936825.5`:                     {want: at.Add(500 * time.Millisecond), again: `"2025-01-15T10:27:05.5Z"`, asText: "2025-01-15T10:27:05Z"},
		`1736936825000`:                    {want: at, again: `"2025-01-15T10:27:05Z"`, asText: "2025-01-15T10:27:05Z"},
		`"1736936825"`:                     {want: at, again: `"2025-01-15T10:27:05Z"`, asText: "2025-01-15T10:27:05Z"},
		`"10:27:05"`:                       {want: clock, raw: "10:27:05", again: `"10:27:05"`, asText: "10:27:05"},
		`"10:27:05.25"`:                    {want: clock.Add(250 * time.Millisecond), raw: "10:27:05.25", again: `"10:27:05.25"`, asText: "10:27:05.25"},
		`"10:27"`:                          {want: clock.Truncate(time.Minute), raw: "10:27", again: `"10:27"`, asText: "10:27"},
		`null`:                             {again: `null`},
		`""`:                               {again: `null`},
		`" "`:                              {again: `null`},
		`"None"`:                           {again: `null`},
		`"null"`:                           {again: `null`},
		`"nan"`:                            {again: `null`},
		`"0001-01-01T00:00:00Z"`:           {again: `null`},
		`"soon"`:                           {raw: "soon", again: `"soon"`, asText: "soon"},
		`"25:61"`:                          {raw: "25:61", again: `"25:61"`, asText: "25:61"},
		`"2025-02-30T00:00:00Z"`:           {raw: "2025-02-30T00:00:00Z", again: `"2025-02-30T00:00:00Z"`, asText: "2025-02-30T00:00:00Z"},
		`"2025-01-15T10:27:05+24:00"`:      {raw: "2025-01-15T10:27:05+24:00", again: `"2025-01-15T10:27:05+24:00"`, asText: "2025-01-15T10:27:05+24:00"},
		`"2025-01-15T10:27:05-2400"`:       {raw: "2025-01-15T10:27:05-2400", again: `"2025-01-15T10:27:05-2400"`, asText: "2025-01-15T10:27:05-2400"},
		"\"soon\xff\"":                     {raw: "soon\ufffd", again: "\"soon\ufffd\"", asText: "soon\ufffd"},
		`true`:                             {raw: "true", again: `"true"`, asText: "true"},
		`-5`:                               {raw: "-5", again: `"-5"`, asText: "-5"},
		`1e300`:                            {raw: "1e300", again: `"1e300"`, asText: "1e300"},
		`{"$date":1}`:                      {raw: `{"$date":1}`, again: `"{\"$date\":1}"`, asText: `{"$date":1}`},
		`[2025,1,15]`:                      {raw: `[2025,1,15]`, again: `"[2025,1,15]"`, asText: `[2025,1,15]`},
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			check := func(got voiceagent.Timestamp) {
				assert.True(t, c.want.Equal(got.Time), got.Time)
				assert.Equal(t, c.raw, got.Raw())
				assert.Equal(t, c.asText, got.String())
				written, err := json.Marshal(got)
				require.NoError(t, err)
				assert.Equal(t, c.again, string(written))
				var again voiceagent.Timestamp
				require.NoError(t, json.Unmarshal(written, &again))
				assert.True(t, got.Equal(again.Time))
				assert.Equal(t, got.Raw(), again.Raw())
			}
			got := voiceagent.Timestamp{Time: time.Now()} // whatever was there goes
			require.NoError(t, json.Unmarshal([]byte(text), &got))
			check(got)
			check(getCall(t, `{"started_at":`+text+`}`).StartedAt)
		})
	}
}

// Called by hand it may be given anything.
func TestTimestampNeverFails(t *testing.T) {
	t.Parallel()
	for _, data := range []string{"", `"`, `"\`, "x", "\x00", `"\ud800"`} {
		stamp := voiceagent.Timestamp{Time: time.Now()}
		assert.NotPanics(t, func() { assert.NoError(t, stamp.UnmarshalJSON([]byte(data))) }, "%q", data)
		assert.Zero(t, stamp.Time, "%q", data)
	}
}
