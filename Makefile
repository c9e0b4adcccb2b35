# The tools, pinned. `go run` fetches and builds them when they are first needed.
GOLANGCI_LINT := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
STATICCHECK   := go run honnef.co/go/tools/cmd/staticcheck@v0.8.2

# What to test, lint or measure, how long to fuzz each target, and which benchmarks to run how often.
PKG      ?= ./...
FUZZTIME ?= 10s
BENCH    ?= .
COUNT    ?= 6

.DEFAULT_GOAL := help
.PHONY: help test race lint golangci-lint staticcheck fmt fuzz bench examples cover tidy-check ci

help: ## show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

test: ## run the tests
	go test $(PKG)

race: ## run the tests in random order under the race detector
	go test -race -shuffle=on $(PKG)

lint: golangci-lint staticcheck ## run golangci-lint and staticcheck

golangci-lint: ## check the code and its import directions
	$(GOLANGCI_LINT) run $(PKG)

staticcheck: ## run staticcheck on its own
	$(STATICCHECK) $(PKG)

fmt: ## format the code as the linter wants it
	$(GOLANGCI_LINT) fmt

fuzz: ## fuzz every target for FUZZTIME
	FUZZTIME=$(FUZZTIME) bash .ci/run fuzz

bench: ## run the benchmarks COUNT times, as benchstat wants them
	go test -run='^$$' -bench='$(BENCH)' -benchmem -count=$(COUNT) $(PKG)

examples: ## run every example against the fake platform
	bash .ci/run examples

cover: ## print the coverage of each package
	go test -coverprofile=cover.out $(PKG)
	go tool cover -func=cover.out | tail -n 1

tidy-check: ## fail where gofmt, go vet or go mod tidy would complain
	bash .ci/run tidy

ci: ## run everything that has to pass
	bash .ci/run
