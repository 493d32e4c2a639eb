package lists_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

var plainKey = regexp.MustCompile(`^[0-9A-Za-z_]+$`)

// A file of contacts yields contacts that a campaign takes, or errors with their line. The contacts
// survive being written to a file and read again.
func FuzzContactsFromCSV(f *testing.F) {
	const good = "phone,name\n+919876543210,Asha\n+15550100001,\"Rahul, Jr.\"\n"
	f.Add([]byte(good), "", "")
	f.Add([]byte("\ufeff"+strings.ReplaceAll(good, "\n", "\r\n")), "phone", ",")
	f.Add([]byte(strings.ReplaceAll(good, ",", ";")), "phone", ";")
	f.Add([]byte("Mobile No.,name\n+919876543210,Asha\n"), "Mobile No.", ",")
	f.Add([]byte("phone,name\n+919876543210,Jos\xe9\n"), "", "")
	f.Add([]byte("phone,name,name\n+919876543210,Asha,Rao\n"), "", "")
	f.Add([]byte("phone,phone\n"), "", "")
	f.Add([]byte("phone,\n+919876543210,\n"), "", "")
	f.Add([]byte("phone,name\n+919876543210\n\n+919876543210,\"open\nAsha"), "", "")
	f.Add([]byte("phone\n\"a\"b\n98765\n++919876543210\n+91 98765 (43210)\n"), "", "")
	f.Add([]byte("phone\n\xff\n\x00\n"), "", "\"")
	f.Add([]byte(""), "", "\n")
	f.Fuzz(func(t *testing.T, file []byte, column, comma string) {
		params := voiceagent.CSVParams{PhoneColumn: column}
		params.Comma, _ = utf8.DecodeRuneInString(comma)
		if comma == "" {
			params.Comma = 0
		}
		var contacts []voiceagent.Contact
		rows, last := 0, false
		for contact, err := range voiceagent.ContactsFromCSV(bytes.NewReader(file), params) {
			require.False(t, last, "nothing comes after an error of the file itself")
			rows++
			if err != nil {
				row, ok := errors.AsType[*voiceagent.RowError](err)
				require.True(t, ok, "%T", err)
				assert.Nil(t, contact)
				assert.Error(t, row.Err)
				last = row.Line == 0
				continue
			}
			for key := range contact {
				assert.Regexp(t, plainKey, key)
			}
			contacts = append(contacts, contact)
		}
		assert.LessOrEqual(t, rows, bytes.Count(file, []byte("\n"))+bytes.Count(file, []byte("\r"))+2)
		if len(contacts) == 0 || len(contacts) > 2000 {
			return
		}
		checkContacts(t, contacts)
	})
}

// checkContacts sends contacts in a campaign, and reads them again from a file of their own.
func checkContacts(t *testing.T, contacts []voiceagent.Contact) {
	t.Helper()
	keys := slices.Sorted(maps.Keys(contacts[0]))
	var file bytes.Buffer
	w := csv.NewWriter(&file)
	require.NoError(t, w.Write(keys))
	for _, contact := range contacts {
		require.Len(t, contact, len(keys), "every contact has the same keys")
		var row []string
		for _, key := range keys {
			text, ok := contact[key].(string)
			require.True(t, ok)
			row = append(row, text)
		}
		require.NoError(t, w.Write(row))
	}
	w.Flush()
	phone := slices.IndexFunc(keys, func(key string) bool {
		var again []voiceagent.Contact
		for contact, err := range voiceagent.ContactsFromCSV(bytes.NewReader(file.Bytes()), voiceagent.CSVParams{PhoneColumn: key}) {
			if err != nil {
				return false // another column holds the numbers
			}
			again = append(again, contact)
		}
		return assert.ObjectsAreEqual(contacts, again)
	})
	require.GreaterOrEqual(t, phone, 0, "%v don't survive as %q", contacts, file.Bytes())
	campaign := testkit.ValidCampaign()
	campaign.Contacts, campaign.PhoneColumn = contacts, keys[phone]
	_, err := testkit.NewAnswering(t, http.StatusOK, `{"data":{"id":"cmp_1"}}`).Campaigns.Create(t.Context(), campaign)
	require.NoError(t, err)
}
