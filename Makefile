# The one door. What CI runs is .ci/run, which most of these lead to.

.PHONY: help test race lint fmt tidy cover bench ci release

help: ## what there is
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' Makefile | expand -t 16

test: ## the tests of every module
	@bash .ci/run tests

race: ## the same with the race detector
	@bash .ci/run race

lint: ## gofmt, go vet and golangci-lint
	@bash .ci/run format vet lint

fmt: ## gofmt -w
	gofmt -l -w .

tidy: ## go mod tidy in every module
	@bash .ci/tidy

cover: ## what the tests of the root module cover
	@bash .ci/run coverage

bench: ## the client beside others
	go -C bench run ./perf

ci: ## everything that CI does
	@bash .ci/run

# "make -n release V=X.Y.Z" only shows what would be done, which is why the line begins with +.
release: ## V=X.Y.Z: commits, tags, and prints what to push
	+@GOWORK=off go -C tools run ./release $(if $(findstring n,$(filter-out --%,$(firstword -$(MAKEFLAGS)))),-n) "$(V)"
