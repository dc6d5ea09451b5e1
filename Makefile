# The targets of the observatory. `make help` lists them.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

ENGINE_PACKAGE := internal/engine/npm
ENGINE := bin/libchdb.so
LINT := .cache/bin/golangci-lint
AXE := page/npm/node_modules/axe-core/axe.min.js
PROGRAM := bin/observatory

GO ?= go
# The race detector needs a C compiler; without one the tests run without it and say so.
RACE := $(shell command -v cc >/dev/null 2>&1 && echo -race)
TESTFLAGS ?= $(RACE) -shuffle=on -count=1 -timeout=40m
PACKAGES ?= ./...
# Tests start many processes, and under the race detector each would sleep a second at its end.
export GORACE ?= atexit_sleep_ms=0

.PHONY: help
help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: $(ENGINE) ## Builds bin/observatory with its engine beside it
	CGO_ENABLED=0 $(GO) build -trimpath -o $(PROGRAM) ./cmd/observatory

$(ENGINE): $(ENGINE_PACKAGE)/package-lock.json
	npm ci --prefix $(ENGINE_PACKAGE) --no-audit --no-fund
	mkdir -p bin
	ln -f $(ENGINE_PACKAGE)/node_modules/@chdb/lib-linux-x64-gnu/libchdb.so $@ || cp $(ENGINE_PACKAGE)/node_modules/@chdb/lib-linux-x64-gnu/libchdb.so $@
	touch $@

.PHONY: telegram
telegram: ## Builds bin/observatory-telegram, which reads channels of Telegram: takes minutes and gigabytes
	cd collectors/telegram/mtproto && CGO_ENABLED=0 $(GO) build -trimpath -o ../../../bin/observatory-telegram .

.PHONY: demo
demo: ## Builds, then shows the observatory at work on an invented election week: DEMO="--seed 7", in ./demo-data
	@SECONDS=0; $(MAKE) --no-print-directory build; \
	echo "Downloaded and compiled in $$SECONDS s; what follows is the demo's own time." >&2; \
	$(PROGRAM) --data ./demo-data demo $(DEMO)

DEMO ?=

.PHONY: test
test: build lint drift kafka $(AXE) ## Passes when the project is sound: lint, generated files, all tests on the real engine and brokers
	@[ -n "$(RACE)" ] || echo "no C compiler: tests run without the race detector"
	@# Two packages at a time: each may start engines and brokers of its own.
	$(GO) test $(TESTFLAGS) -p 2 $(PACKAGES)
	@# A module of its own, since what it uses takes minutes to compile.
	cd collectors/telegram/mtproto && $(GO) test $(TESTFLAGS) ./...

$(AXE): page/npm/package-lock.json # What looks at the page's accessibility in a browser
	npm ci --prefix page/npm --no-audit --no-fund
	touch $@

.PHONY: lint
lint: $(LINT) ## Checks style, formatting and the direction of imports
	$(LINT) run ./...
	cd collectors/telegram/mtproto && ../../../$(LINT) run ./...

$(LINT): tools/go.sum
	mkdir -p $(@D)
	cd tools && $(GO) build -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

.PHONY: fmt
fmt: $(LINT) ## Formats the code
	$(LINT) fmt ./...

.PHONY: generate
generate: ## Writes what is generated: event code, reference pages
	cd tools && $(GO) run ./genproto ../schema
	$(GO) test ./schema ./cmd/observatory/study -run 'Dictionary|Reference' -update

.PHONY: drift
drift: # Fails when the generated event code is not what the contract says
	@out=$$(mktemp -d); trap 'rm -rf "$$out"' EXIT; \
	cp schema/events.proto "$$out" && (cd tools && $(GO) run ./genproto "$$out"); \
	for f in events.pb.go events_vtproto.pb.go; do cmp "$$out/$$f" "schema/$$f" || { echo "schema/$$f is not what events.proto says: run make generate"; exit 1; }; done

.PHONY: kafka
kafka: # Fetches Apache Kafka for the tests where Java and Maven are
	@if command -v java >/dev/null && command -v mvn >/dev/null; then scripts/kafka/fetch.sh; else echo "no Java or no Maven: tests against Apache Kafka are skipped"; fi

.PHONY: kafka-test
kafka-test: kafka ## Runs the log's conformance suite against Apache Kafka, alone and as three brokers
	$(GO) test $(TESTFLAGS) -run 'Kafka' -v ./internal/eventlog

.PHONY: soak
soak: build ## Ten minutes of 5,000 feeds and four streams with faults: fails where memory or sockets grow
	$(GO) run ./test/soak

.PHONY: bench
bench: build ## Measures the stages and the whole road
	$(GO) test -run '^$$' -bench . -benchmem ./collectors/... ./processors/... ./internal/...
	$(GO) run ./test/road -posts $(POSTS)

POSTS ?= 1000000

.PHONY: evaluate
evaluate: build ## Measures what methods find, and writes docs/evaluation.md
	$(GO) run ./test/evaluate

.PHONY: chaos
chaos: build ## Kills and stops processes by drawn schedules and compares what is left: SCHEDULES=100 SEED=1
	$(GO) test -count=1 -v -timeout 90m ./test/chaos -schedules $(SCHEDULES) -seed $(SEED)

SCHEDULES ?= 100
SEED ?= 1
