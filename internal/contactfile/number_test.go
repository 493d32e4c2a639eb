package contactfile

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDigitsAreEqualForTheSameNumberOnly(t *testing.T) {
	t.Parallel()
	for _, same := range []string{"919876543210", "00919876543210", "+91 98765-43210", `="+91 98765 43210"`, "+९१९८७६५४३२१०", "+91 (0) 9876543210", "+91/98765/43210", "+91_9876543210"} {
		assert.Equal(t, Digits("+919876543210"), Digits(same), same)
	}
	different := []string{"", "sip:asha", "sip:ravi", "0", "09876543210", "9876543210", "109876543210", "123456789012345678", "1234567890123456789", "0123456789012345678"}
	for i, one := range different {
		for _, other := range different[:i] {
			assert.NotEqual(t, Digits(one), Digits(other), "%q and %q", one, other)
		}
	}
}

func TestKeysAreWhatTheAPITakes(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"phone": "phone", " Full Name ": "Full_Name", "due-date": "due_date", "2024": "_2024", "1st": "_1st", "Straße": "Stra_e", "_1": "_1",
		"": "", "---": "", "नाम": "", "नाम 1": "", "नाम (name)": "_____name_",
	} {
		assert.Equal(t, want, Key(name), name)
		assert.Equal(t, want, Key(want), "a key stays as it is")
	}
}
