package testkit

import (
	"encoding/binary"
	"regexp"
	"strings"
	"unicode/utf16"
)

// ContactFile is a file of contacts, and what is to be read from it. The library and the command
// line are tested with the same ones.
type ContactFile struct {
	Text    string
	Column  string   // the phone column that is asked for
	Numbers []string // that are called, numbers without a country code being India's
	Plain   []string // the same without a phone library; nil for Numbers
	Names   []string // what is in the column called name; nil if it isn't compared
	Errors  []string // what the errors have in them, in their order
}

var place = regexp.MustCompile(`, column \d+( \((.+?)\))?`)

// RowErrors are the errors as the library says them: a RowError has a column's name, not its place.
func (f ContactFile) RowErrors() (errs []string) {
	for _, text := range f.Errors {
		errs = append(errs, strings.ReplaceAll(place.ReplaceAllString(text, ", column $2"), ", column :", ":"))
	}
	return errs
}

// UTF16 encodes a text.
func UTF16(order binary.AppendByteOrder, text string) string {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, unit)
	}
	return string(out)
}

const (
	one, two, three = "+919876543210", "+919876543211", "+919876543212"
	people          = "phone,name\n" + one + ",Asha Müller\n" + two + ",\"Søren, Jr.\"\n"
	hindi           = "phone,name\n" + one + ",आशा राव\n" + two + ",अनुराधा बालासुब्रमण्यम\n"

	decimal = "was made a decimal by a spreadsheet"
	several = "looks like more than one number"
	letters = "has letters in it"
)

var (
	both   = []string{one, two}
	called = []string{"Asha Müller", "Søren, Jr."}
	le, be = binary.LittleEndian, binary.BigEndian
)

func latin1(text string) string {
	var out []byte
	for _, r := range text {
		out = append(out, byte(r))
	}
	return string(out)
}

func numbers(cells ...string) string { return "phone;name\n" + strings.Join(cells, ";x\n") + ";x\n" }

// ContactFiles are files as people have them, by what is special.
var ContactFiles = map[string]ContactFile{
	"UTF-8":                              {Text: people, Numbers: both, Names: called},
	"UTF-8 with a mark":                  {Text: "\ufeff" + people, Numbers: both, Names: called},
	"a mark before a quote":              {Text: "\ufeff\"phone\",\"name\"\n\"" + one + "\",\"Asha\"\n", Numbers: both[:1], Names: []string{"Asha"}},
	"UTF-16LE with a mark":               {Text: UTF16(le, "\ufeff"+people), Numbers: both, Names: called},
	"UTF-16BE with a mark":               {Text: UTF16(be, "\ufeff"+people), Numbers: both, Names: called},
	"UTF-16LE without a mark":            {Text: UTF16(le, people), Numbers: both, Names: called},
	"UTF-16BE without a mark":            {Text: UTF16(be, people), Numbers: both, Names: called},
	"UTF-16LE, another script":           {Text: UTF16(le, hindi), Numbers: both, Names: []string{"आशा राव", "अनुराधा बालासुब्रमण्यम"}},
	"UTF-16BE, another script":           {Text: UTF16(be, strings.ReplaceAll(hindi, ",", "\t")), Numbers: both},
	"UTF-16 with a pair and half a one":  {Text: UTF16(le, "\ufeffphone,name\r\n"+one+",😀\r\n") + "x", Numbers: both[:1], Names: []string{"😀"}},
	"UTF-16, separator, old Mac":         {Text: UTF16(le, "\ufeffsep=;\rphone;name\r"+one+";Asha\r"), Numbers: both[:1], Names: []string{"Asha"}},
	"UTF-32":                             {Text: "\xff\xfe\x00\x00p\x00\x00\x00", Errors: []string{"UTF-32"}},
	"Windows-1252":                       {Text: latin1(people), Numbers: both, Names: called},
	"Windows-1252, its own signs":        {Text: "phone,name\n" + one + ",O\x92Brien \x96 Fran\xe7ois\n", Numbers: both[:1], Names: []string{"O’Brien – François"}},
	"Windows-1252, a word of one letter": {Text: "phone,name\n" + one + ",Ren\xe9e\n" + two + ",\xe0 midi\n", Numbers: both, Names: []string{"Renée", "à midi"}},
	"Cyrillic":                           {Text: "phone,name\n" + one + ",\xcc\xe0\xf0\xe8\xff\n" + two + ",Asha\n", Numbers: both[1:], Errors: []string{"iconv -f WINDOWS-1252"}},
	"Mac OS Roman":                       {Text: "phone,name\n" + one + ",Jos\x8e\n" + two + ",Asha\n", Numbers: both[1:], Errors: []string{"byte 0x8E"}},
	"two encodings":                      {Text: people + three + ",Jos\xe9\n", Numbers: both, Errors: []string{"line 4, column 2 (name): has the byte 0xE9"}},
	"two encodings, the other way":       {Text: "phone,name\n" + one + ",Jos\xe9\n" + two + ",José\n", Numbers: both[:1], Errors: []string{"line 3, column 2 (name): is UTF-8"}},
	"Windows-1252, no header":            {Text: "Jos\xe9," + one + "\nRen\xe9e," + two + "\n", Column: "2", Numbers: both},
	"Cyrillic after others":              {Text: "phone,name\n" + one + ",Jos\xe9\n" + two + ",\xcc\xe0\xf0\xe8\xff\n", Numbers: both[:1], Errors: []string{"line 3, column 2 (name): has the byte 0xCC"}},
	"UTF-16, half a character":           {Text: UTF16(le, "\ufeffphone,name\n"+one+",") + "\x3d\xd8" + UTF16(le, "\n"+two+",Asha\n"), Numbers: both, Names: []string{"\ufffd", "Asha"}},
	"NUL":                                {Text: "phone,name\n" + one + ",A\x00B\n" + two + ",C\n", Numbers: both[1:], Errors: []string{"line 2, column 2 (name): has a NUL"}},
	"only a mark":                        {Text: "\ufeff", Errors: []string{"is empty"}},
	"only a mark of UTF-16":              {Text: "\xff\xfe", Errors: []string{"is empty"}},
	"empty":                              {Text: "", Errors: []string{"is empty"}},
	"only blanks":                        {Text: "\n \n,,\n", Errors: []string{"is empty"}},
	"many blanks above":                  {Text: strings.Repeat("\n", 4<<20) + "phone\n" + one + "\n", Numbers: both[:1]},
	"only a separator":                   {Text: "sep=;\n", Errors: []string{"is empty"}},
	"no row":                             {Text: "phone,name\n\n,\n", Errors: []string{"no row follows the header"}},

	"semicolons":                 {Text: strings.NewReplacer(",", ";", "\"", "").Replace("phone,name\n" + one + ",Asha\n"), Numbers: both[:1], Names: []string{"Asha"}},
	"tabs":                       {Text: "phone\tname, in full\n" + one + "\tAsha\n", Numbers: both[:1]},
	"pipes":                      {Text: "phone|name\r\n" + one + "|Asha\r\n", Numbers: both[:1], Names: []string{"Asha"}},
	"commas in a name":           {Text: "name (first, middle, last);phone\nAsha;" + one + "\n", Numbers: both[:1]},
	"sep=":                       {Text: "sep=;\r\nphone;name\r\n" + one + ";A, B, C\r\n", Numbers: both[:1], Names: []string{"A, B, C"}},
	"sep= as a mark and quoted":  {Text: "\ufeff\"SEP=|\"\nphone|name\n" + one + "|Asha\n12|x\n", Numbers: both[:1], Errors: []string{"line 4, column 1 (phone)"}},
	"sep= a tab":                 {Text: "sep=\t\nphone\tname\n" + one + "\tAsha\n", Numbers: both[:1], Names: []string{"Asha"}},
	"sep= a tab in letters":      {Text: "sep=\\t\nphone\tname\n" + one + "\tAsha\n", Numbers: both[:1], Names: []string{"Asha"}},
	"old Mac":                    {Text: strings.ReplaceAll(people, "\n", "\r"), Numbers: both, Names: called},
	"old Mac, a line in a cell":  {Text: "phone,name\r" + one + ",\"a\rb\"\r" + two + ",c\nd\r", Numbers: both, Names: []string{"a\nb", "c\nd"}},
	"lines in a cell":            {Text: "phone,name\n" + one + ",\"one\r\ntwo \"\"x\"\"\"\n" + two + ",b", Numbers: both, Names: []string{"one\ntwo \"x\"", "b"}},
	"blanks above and between":   {Text: "\n,,\n \nphone,name\n\n" + one + ",Asha\n,\n" + two + ",Rahul\n\u00a0,\u200b\n", Numbers: both},
	"empty columns at the end":   {Text: "phone,name,,\n" + one + ",Asha,,\n" + two + ",Rahul\n", Numbers: both, Names: []string{"Asha", "Rahul"}},
	"a field too few":            {Text: "phone,name,city\n" + one + ",A\n" + two + ",B,x\n", Numbers: both[1:], Errors: []string{"line 2, column 3 (city): the row has 2 fields, the header has 3"}},
	"a field too many":           {Text: "phone,name\n" + one + ",A,x\n" + two + ",B,\n", Numbers: both[1:], Errors: []string{"line 2, column 3: the row has 3 fields, the header has 2"}},
	"a quote inside":             {Text: "phone,name\n" + one + ",Asha \"Ash\" Rao\n" + two + ", \"5\"\" pipe\" \n", Numbers: both, Names: []string{`Asha "Ash" Rao`, `5" pipe`}},
	"a quote in the wrong place": {Text: "phone,name\n" + one + ",\"Asha\" Rao\n" + two + ",Rahul\n", Numbers: both[1:], Errors: []string{"line 2, column 2 (name): a quote"}},
	"an open quote": {Text: "phone,name\n" + one + ",Asha\n" + two + ",\"Rahul\n" + three + ",Zoya\n", Numbers: both[:1],
		Errors: []string{"line 3, column 2 (name): a quote (\") opens here"}},
	"an endless row": {Text: "phone,name\n" + one + ",Asha\n" + two + "," + strings.Repeat("x", 1<<20) + "\n", Numbers: both[:1],
		Errors: []string{"line 3: the row doesn't end within 1048576 bytes"}},
	"an endless first line": {Text: strings.Repeat("x", 1<<20+1), Errors: []string{"line 1: the row doesn't end within"}},
	"a wide row":            {Text: "phone,name" + strings.Repeat(",", 5000) + "\n" + one + ",Asha" + strings.Repeat(",", 5000) + "\n", Numbers: both[:1]},

	"a spreadsheet (xlsx)":    {Text: "PK\x03\x04\x14\x00[Content_Types].xml\x00\x00PK\x03\x04xl/workbook.xml", Errors: []string{"a spreadsheet (xlsx)"}},
	"a spreadsheet (ods)":     {Text: "PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.spreadsheet", Errors: []string{"a spreadsheet (ods)"}},
	"a spreadsheet (numbers)": {Text: "PK\x03\x04Index/Document.iwa\x00", Errors: []string{"a spreadsheet (numbers)"}},
	"a spreadsheet (xls)":     {Text: "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00\x00", Errors: []string{"a spreadsheet (xls)"}},
	"a zip archive":           {Text: "PK\x03\x04contacts.csv\n", Errors: []string{"a zip archive"}},
	"a PDF":                   {Text: "%PDF-1.7\n", Errors: []string{"a PDF document"}},
	"gzip":                    {Text: "\x1f\x8b\x08\x00\x00", Errors: []string{"compressed with gzip"}},
	"HTML":                    {Text: " \n<table><tr><td>phone</td></tr><tr><td>" + one + "</td></tr></table>\n", Errors: []string{"HTML or XML"}},
	"XML in UTF-16":           {Text: UTF16(le, "\ufeff<?xml version=\"1.0\"?>\n"), Errors: []string{"HTML or XML"}},
	"JSON":                    {Text: "[\n  {\"phone\": \"" + one + "\"}\n]\n", Errors: []string{"JSON"}},
	"JSON, an object":         {Text: "{\"phone\": \"" + one + "\"}\n", Errors: []string{"JSON"}},

	"a header in capitals":        {Text: "  Phone Number ,NAME\n" + one + ",A\n", Numbers: both[:1]},
	"another name":                {Text: "name,Mobile No.\nA," + one + "\n", Numbers: both[:1], Names: []string{"A"}},
	"another name, asked for":     {Text: "name,Mobile No.,phone\nA," + one + ",x\n", Column: "mobile no.", Numbers: both[:1]},
	"two that could be":           {Text: "phone,mobile,name\n" + one + "," + two + ",A\n", Errors: []string{`columns "phone" and "mobile" could hold the phone numbers`}},
	"none that could be":          {Text: "id,name\n1,A\n", Errors: []string{"no column looks like phone numbers"}},
	"none of the name":            {Text: "id,mobile\n1," + one + "\n", Column: "tel", Errors: []string{`there is no column "tel"; name "mobile" if that is meant`}},
	"the same name twice":         {Text: "phone,due date,due-date\n" + one + ",A,B\n", Errors: []string{"columns 2 and 3 have the same name"}},
	"a column without a name":     {Text: ",phone,name\n0," + one + ",A\n", Numbers: both[:1], Names: []string{"A"}},
	"a year for a name":           {Text: "phone,name,2024,2024-01-15\n" + one + ",A,x,y\n", Numbers: both[:1]},
	"names in another script":     {Text: "फ़ोन,नाम,शहर\n" + one + ",आशा,पुणे\n", Numbers: both[:1]},
	"an invisible mark in one":    {Text: "\u202aphone\u202c,\u200bname\n" + one + ",A\n", Numbers: both[:1], Names: []string{"A"}},
	"no header":                   {Text: one + ",Asha\n" + two + ",Rahul\n", Errors: []string{"line 1: it holds a phone number, so it is a contact, not a header"}},
	"no header, one column":       {Text: "98765 43210\n98765 43211\n", Column: "phone", Errors: []string{"line 1: it holds a phone number"}},
	"no header, its own words":    {Text: one + ",mobile,Asha\n" + two + ",home,Rahul\n", Errors: []string{"line 1: it holds a phone number"}},
	"no header, a spoiled number": {Text: "9.19877E+11,mobile\n" + one + ",home\n", Errors: []string{"line 1: it holds a phone number"}},
	"no header, two numbers":      {Text: "98765/43210,mobile\n" + one + ",home\n", Errors: []string{"line 1: it holds a phone number"}},
	"no header, by its place":     {Text: "Asha," + one + "\nRahul," + two + "\n", Column: "2", Numbers: both},
	"no header, a word beside it": {Text: "Mobile: " + one + ",Asha Rao\n" + two + ",Rahul\n", Errors: []string{"line 1: it holds a phone number"}},
	"no header, a word after it":  {Text: one + " (mobile),Asha\n" + two + ",Rahul\n12,Zoya\n", Errors: []string{"line 1: it holds a phone number"}},
	"no header, a name beside it": {Text: "mobile,Asha_98765 43210\nhome," + two + "\n", Errors: []string{"line 1: it holds a phone number"}},
	"no header, another script":   {Text: "मोबाइल ९८७६५-४३२१०,name\n" + two + ",Rahul\n", Errors: []string{"line 1: it holds a phone number"}},
	"no header, underscores":      {Text: "phone +91_98765_43210,name\n" + two + ",Rahul\n", Errors: []string{"line 1: it holds a phone number"}},
	"no header, a spoiled one":    {Text: "Mobile: 9.19877E+11,name\n" + two + ",Rahul\n", Errors: []string{"line 1: it holds a phone number"}},
	"no header, eight digits":     {Text: "Mobile: 98762012,name\n" + two + ",Rahul\n", Errors: []string{"line 1: it holds a phone number"}},
	"no header, words, its place": {Text: "Asha Rao,Mobile: " + one + "\nRahul," + two + "\n", Column: "2", Numbers: both[1:], Errors: []string{"line 1, column 2 (2): the number ***3210 has letters in it"}},
	"dates in names":              {Text: "phone,name,due 20240115,paid 15.01.2024 10:30,31-12-2024,2022-2023,sales 2023/2024,due 5/11/2024\n" + one + ",A,x,y,z,u,v,w\n", Numbers: both[:1]},
	"a date like a number":        {Text: "phone,20240115\n" + one + ",A\n" + two + ",\x00\n", Numbers: both[:1], Errors: []string{"line 3, column 2 (***0115): has a NUL"}},
	"no header, a wrong place":    {Text: "Asha," + one + "\n", Column: "3", Errors: []string{"line 1: it holds a phone number"}},

	"formulas and quotes": {Numbers: []string{one, two, three, "+919876543213", "+919876543214", "+919876543215", "+919876543216", "+919876543217"},
		Text: numbers(`="+919876543210"`, `"=""+919876543211"""`, `'+919876543212`, `='+919876543213'`, `"""+919876543214"""`, "‘+919876543215", "tel:+919876543216", "p:+919876543217")},
	"signs": {Numbers: []string{one, two, three, "+919876543213", "+919876543214", "+919876543215", "+919876543216", "+919876543217"},
		Text: numbers("+91 98765-43210", "(+91) 98765 43211", "+91 (987) 654-3212", " +919876543213 ", "+91.98765.43214", "+91\u00a098765\u00a043215", "0091 98765\u201143216", "＋91(98765)43217")},
	"invisible marks":         {Text: numbers("\u202a+919876543210\u202c", "+91\u200b98765\u200d43211", "\ufeff+91987\u00ad6543212"), Numbers: []string{one, two, three}},
	"digits of other scripts": {Text: numbers("＋９１９８７６５４３２１０", "+९१९८७६५४३२११", "+٩١٩٨٧٦٥٤٣٢١٢"), Numbers: []string{one, two, three}},
	"without a country code": {Text: numbers("9876543210", "09876543211", "919876543212", "98765.43213"), Numbers: []string{one, two, three, "+919876543213"},
		Plain: []string{"9876543210", "09876543211", "919876543212", "9876543213"}},
	"decimals": {Text: numbers("9.19877E+11", "9,19877E+11", "9.198765432e+09", "9198765432.0", "919876543210,00", "9E11", "919876543210.125", one), Numbers: both[:1],
		Errors: []string{decimal, decimal, decimal, decimal, decimal, decimal, decimal}},
	"no numbers": {Text: numbers("#N/A", "N/A", "Asha Rao", "+919876543210 ext 12", "+919876543211x5", one+"/"+two, one+", "+two, "", "112", "+91987654321098765", one), Numbers: both[:1],
		Errors: []string{letters, letters, letters, letters, letters, several, several, "is empty", "too short", "too long"}},
	"a number twice": {Text: numbers(one, two, "+91-98765-43210", "00919876543211", "="+`"+919876543210"`), Numbers: both,
		Errors: []string{"line 4, column 1 (phone): the number ***3210 is that of line 2 again", "line 5, column 1 (phone): the number ***3211 is that of line 3 again", "that of line 2 again"}},
	"a total at the end": {Text: "phone,name\n" + one + ",A\nTotal,1\n", Numbers: both[:1], Errors: []string{"line 3, column 1 (phone): the number has letters in it"}},
}
