package api_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi-validator/errors"
	"github.com/pb33f/libopenapi-validator/paths"
	"github.com/pb33f/libopenapi/datamodel"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
	"github.com/stretchr/testify/require"
)

const specFile = "openapi.yaml"

// contract is the file, to hold exchanges against.
type contract struct {
	model  *v3.Document
	opts   []config.Option
	strict validator.Validator
	loose  validator.Validator // for answers whose shape is unknown
}

// free has the places of the user's own keys. In any other place a key that the file doesn't have
// is an error, although the file allows it. Otherwise a misspelt name, in the file or in the
// client, would go unnoticed.
var free = config.WithStrictIgnorePaths(
	"$.body.metadata.**", "$.body.contacts[*].**",
	"$.body.data.metadata.**", "$.body.data[*].metadata.**",
	"$.body.data.variables.**", "$.body.data[*].variables.**",
	"$.body.data.details_collection.collected_values.**", "$.body.data[*].details_collection.collected_values.**",
)

func readSpec(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(specFile)
	require.NoError(t, err)
	return text
}

// theContract reads the file once: compiling its schemas takes most of the time.
var theContract = sync.OnceValues(func() (*contract, error) {
	text, err := os.ReadFile(specFile)
	if err != nil {
		return nil, err
	}
	return newContract(text)
})

func loadContract(t *testing.T) *contract {
	t.Helper()
	c, err := theContract()
	require.NoError(t, err)
	return c
}

func newContract(text []byte) (*contract, error) {
	// If this is on, strict mode takes every key of a schema behind a $ref with siblings for
	// undeclared. The siblings here contain nothing that is validated, which TestEvidence checks.
	settings := datamodel.NewDocumentConfiguration()
	settings.TransformSiblingRefs = false
	doc, err := libopenapi.NewDocumentWithConfiguration(text, settings)
	if err != nil {
		return nil, err
	}
	model, err := doc.BuildV3Model()
	if err != nil {
		return nil, err
	}
	loose := []config.Option{config.WithStrictServerMatching(), config.WithRejectUndeclaredRequestBody()}
	// No source names an idempotency header. The client sends one for the day that there is.
	strict := slices.Concat(loose, []config.Option{
		config.WithStrictMode(), free, config.WithStrictIgnoredHeadersExtra("Idempotency-Key"),
	})
	return &contract{
		model: &model.Model, opts: strict,
		strict: validator.NewValidatorFromV3Model(&model.Model, strict...),
		loose:  validator.NewValidatorFromV3Model(&model.Model, loose...),
	}, nil
}

// route is the operation that the file has for a request, such as "GET /agents/{agent_id}".
func (c *contract) route(req *http.Request) string {
	_, _, path := paths.FindPath(req, c.model, config.NewValidationOptions(c.opts...))
	return req.Method + " " + path
}

// request says what is wrong with a request.
func (c *contract) request(req *http.Request, body []byte) []finding {
	_, wrong := c.strict.ValidateHttpRequestSync(withBody(req, body))
	return findings("request", wrong)
}

// answer says what is wrong with an answer.
func (c *contract) answer(req *http.Request, res *http.Response, body []byte) []finding {
	v := c.strict
	if unknownAnswer[c.route(req)] && res.StatusCode/100 == 2 {
		v = c.loose
	}
	answer := *res
	answer.Body = io.NopCloser(bytes.NewReader(body))
	_, wrong := v.ValidateHttpResponse(withBody(req, nil), &answer)
	return findings("answer", wrong)
}

// withBody copies a request, as the validator may change it.
func withBody(req *http.Request, body []byte) *http.Request {
	req = req.Clone(req.Context())
	req.Body = http.NoBody
	if len(body) > 0 {
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	return req
}

// finding is a fault that the file finds.
type finding struct {
	part string // request or answer
	key  string // the key that the file doesn't have, as $.body.data[*].name; "" for any other fault
	text string
}

func (f finding) String() string { return f.part + ": " + f.text }

var (
	undeclared = regexp.MustCompile(`^(?:request|response) property '[^']*' at '([^']+)' is not declared`)
	index      = regexp.MustCompile(`\[\d+\]`)
)

func findings(part string, wrong []*errors.ValidationError) []finding {
	found := make([]finding, 0, len(wrong))
	for _, e := range wrong {
		text := []string{e.Message}
		for _, s := range e.SchemaValidationErrors {
			text = append(text, fmt.Sprintf("%s %s", s.FieldPath, s.Reason))
		}
		f := finding{part: part, text: strings.Join(text, "; ")}
		if e.ValidationType == errors.StrictValidationType {
			if m := undeclared.FindStringSubmatch(e.Message); m != nil {
				f.key = index.ReplaceAllString(m[1], "[*]")
			}
		} else if len(e.SchemaValidationErrors) == 0 {
			f.text += "; " + e.Reason
		}
		found = append(found, f)
	}
	return found
}
