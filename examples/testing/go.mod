module github.com/voiceagent-go/voiceagent/examples/testing

go 1.26.0

require (
	github.com/h2non/gock v1.2.0
	github.com/jarcoal/httpmock v1.4.2
	github.com/stretchr/testify v1.12.1
	github.com/voiceagent-go/voiceagent v0.1.0
	go.uber.org/goleak v1.3.0
	gopkg.in/dnaeon/go-vcr.v4 v4.0.7
)

require (
	github.com/go-json-experiment/json v1.27.2 // indirect
	github.com/h2non/parth v0.0.0-20190131123155-b4df798d6542 // indirect
	github.com/hashicorp/go-cleanhttp v0.5.2 // indirect
	github.com/hashicorp/go-retryablehttp v0.7.8 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	go.yaml.in/yaml/v4 v4.0.0-rc.6 // indirect
)
